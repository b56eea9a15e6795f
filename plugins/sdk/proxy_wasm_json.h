// A JSON reader without a tree: the caller asks for what it expects, value by value.
//
//     proxy_wasm::JsonReader json(text, size);
//     std::string_view key;
//     for (json.object(); json.key(key);) {
//       if (key == "name") json.string(name);
//       else json.skip();
//     }
//     if (!json.finish()) ... json.error() says what is wrong
//
// After the first error every call returns false, so that only the end needs a check. Strings are
// decoded where they stand, in the caller's bytes: a string_view that is returned points there, and
// nothing is allocated. Nothing here calls the host: tests run it natively.
// Source: RFC 8259. Only values up to kMaxDepth deep are skipped; others are an error.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string_view>

namespace proxy_wasm {

// Strings that lie in one block of bytes, each ended by a zero byte: a list that needs no memory of
// its own. Iterates over string_views.
class StringList {
 public:
  constexpr StringList() = default;
  // One string, of a literal.
  template <size_t N>
  constexpr StringList(const char (&text)[N]) : begin_(text), end_(text + N) {}
  constexpr StringList(const char* begin, const char* end) : begin_(begin), end_(end) {}

  class Iterator {
   public:
    constexpr explicit Iterator(const char* at) : at_(at) {}
    std::string_view operator*() const { return at_; }
    Iterator& operator++() {
      at_ += std::string_view(at_).size() + 1;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const char* at_;
  };
  Iterator begin() const { return Iterator(begin_); }
  Iterator end() const { return Iterator(end_); }
  bool empty() const { return begin_ == end_; }

  // All strings as they lie in memory, zero bytes included.
  std::string_view bytes() const { return {begin_, static_cast<size_t>(end_ - begin_)}; }

 private:
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
};

class JsonReader {
 public:
  static constexpr int kMaxDepth = 64;

  // The bytes are changed while they are read.
  JsonReader(char* text, size_t size) : begin_(text), at_(text), end_(text + size) {}

  // Begins an object; key() then returns true for each member, whose value the caller reads.
  bool object() { return open('{', "must be an object"); }
  bool key(std::string_view& name) { return more('}') && string(name) && colon(); }

  // Begins an array; element() then returns true before each value.
  bool array() { return open('[', "must be a list"); }
  bool element() { return more(']'); }

  bool string(std::string_view& value) {
    if (!take('"')) return fail("must be a string");
    char* const start = at_;
    char* to = at_;
    while (at_ != end_ && *at_ != '"') {
      if (static_cast<unsigned char>(*at_) < ' ') break;
      if (*at_ != '\\') {
        *to++ = *at_++;
      } else if (!unescape(to)) {
        return false;
      }
    }
    if (!take_now('"')) return fail(kSyntax);
    value = {start, static_cast<size_t>(to - start)};
    return true;
  }

  // A list of strings that hold no zero byte.
  bool strings(StringList& list) {
    if (!array()) return false;
    char* const start = at_;
    char* to = at_;
    std::string_view item;
    while (element() && string(item)) {
      // An item is two quotes shorter than its text: there is room for the zero byte.
      for (const char c : item) {
        if (c == '\0') return fail("must not hold U+0000");
        *to++ = c;
      }
      *to++ = '\0';
    }
    list = StringList(start, to);
    return error_ == nullptr;
  }

  bool boolean(bool& value) {
    value = literal("true");
    return value || literal("false") || fail("must be true or false");
  }

  // Nothing but white space may follow.
  bool finish() {
    skip_space();
    if (at_ != end_) fail(kSyntax);
    return error_ == nullptr;
  }

  // Sets the error, if it is the first one, and returns false. `what` is a literal.
  bool fail(const char* what) {
    if (error_ == nullptr) {
      error_ = what;
      error_offset_ = static_cast<size_t>(at_ - begin_);
    }
    at_ = end_;
    return false;
  }

  // Null if all went well. Reads behind the name of what is wrong: "must be a string".
  const char* error() const { return error_; }
  // Where in the text, in bytes.
  size_t error_offset() const { return error_offset_; }

 private:
  static constexpr char kSyntax[] = "is not valid JSON";

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool take_now(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool take(char c) {
    skip_space();
    return take_now(c);
  }
  bool colon() { return take(':') || fail(kSyntax); }

  bool open(char bracket, const char* otherwise) {
    first_ = true;
    return take(bracket) || fail(otherwise);
  }
  bool more(char bracket) {
    const bool first = first_;
    first_ = false;
    if (take(bracket) || error_ != nullptr) return false;
    return first || take(',') || fail(kSyntax);
  }

  bool literal(std::string_view word) {
    skip_space();
    if (static_cast<size_t>(end_ - at_) < word.size() ||
        std::string_view(at_, word.size()) != word) {
      return false;
    }
    at_ += word.size();
    return true;
  }

  // Decodes the escape at at_ and writes it to `to`, which is not behind at_: no escape is shorter
  // than what it stands for.
  bool unescape(char*& to) {
    static constexpr char kEscapes[] = "\"\\/b\bf\fn\nr\rt\t";
    ++at_;
    if (at_ == end_) return fail(kSyntax);
    const char c = *at_++;
    if (c == 'u') return unescape_unicode(to);
    for (size_t i = 0; i < sizeof kEscapes - 1; i += i < 3 ? 1 : 2) {
      if (kEscapes[i] == c) {
        *to++ = kEscapes[i < 3 ? i : i + 1];
        return true;
      }
    }
    return fail(kSyntax);
  }

  // UTF-16 code units to UTF-8; a lone surrogate is an error.
  bool unescape_unicode(char*& to) {
    uint32_t code = 0;
    if (!hex4(code)) return fail(kSyntax);
    if (code >= 0xD800 && code < 0xE000) {
      uint32_t low = 0;
      const bool pair = code < 0xDC00 && take_now('\\') && take_now('u') && hex4(low) &&
                        low >= 0xDC00 && low < 0xE000;
      if (!pair) return fail(kSyntax);
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    const int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    constexpr uint8_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
    *to++ = static_cast<char>(kLead[more] | (code >> (6 * more)));
    for (int shift = 6 * more - 6; shift >= 0; shift -= 6) {
      *to++ = static_cast<char>(0x80 | ((code >> shift) & 0x3F));
    }
    return true;
  }

  bool hex4(uint32_t& value) {
    if (end_ - at_ < 4) return false;
    for (int i = 0; i < 4; ++i) {
      const char c = *at_++;
      const char letter = static_cast<char>(c | 0x20);
      uint32_t digit;
      if (c >= '0' && c <= '9') {
        digit = static_cast<uint32_t>(c - '0');
      } else if (letter >= 'a' && letter <= 'f') {
        digit = static_cast<uint32_t>(letter - 'a' + 10);
      } else {
        return false;
      }
      value = value << 4 | digit;
    }
    return true;
  }

  char* begin_;
  char* at_;
  char* end_;
  const char* error_ = nullptr;
  size_t error_offset_ = 0;
  bool first_ = false;  // no value of the innermost open object or array was read yet
};

}  // namespace proxy_wasm
