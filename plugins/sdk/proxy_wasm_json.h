// A JSON reader without a tree: the caller asks for what it expects, value by value.
//
//     proxy_wasm::JsonReader json(text, size);
//     for (json.object(); json.member();) {
//       if (json.key_is("name")) json.string(name);
//       else json.fail("is not known");
//     }
//     if (!json.finish()) ... json.key() and json.error() say what is wrong
//
// After the first error no loop goes on, so that only the end needs a check. Strings are decoded
// where they stand, in the caller's bytes: a string_view that is returned points there, and nothing
// is allocated. What a plugin does not call is not in its module: most keys and values are tokens,
// and the decoding of escapes is 600 bytes. Nothing here calls the host: tests run it natively.
// Source: RFC 8259, but any byte up to U+0020 counts as white space.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string_view>

namespace proxy_wasm {

// The strings of a JSON list of tokens, as it stands in the text: a list that needs no memory of
// its own.
class TokenList {
 public:
  constexpr TokenList() = default;
  // A literal: TokenList(R"("red", "green")")
  template <size_t N>
  constexpr TokenList(const char (&text)[N]) : begin_(text), end_(text + N - 1) {}
  constexpr TokenList(const char* begin, const char* end) : begin_(begin), end_(end) {}

  bool empty() const { return begin_ == end_; }

  // The text: quoted strings, with commas and white space between them.
  constexpr std::string_view text() const { return {begin_, static_cast<size_t>(end_ - begin_)}; }

  // Whether one of them is `name`, without regard to the case of letters. For names of headers and
  // the like, which have neither quotes nor commas.
  bool has_name(std::string_view name) const {
    size_t matched =
        0;  // bytes of `name` since the last quote; SIZE_MAX: something else stood there
    for (const char* at = begin_; at != end_; ++at) {
      if (*at == '"') {
        if (matched == name.size()) return true;
        matched = 0;
      } else {
        const bool same = matched < name.size() && ((*at ^ name[matched]) & ~0x20) == 0;
        matched = same ? matched + 1 : SIZE_MAX;
      }
    }
    return false;
  }

  // Calls `visit(std::string_view)` for each.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const char* at = begin_; at != end_;) {
      if (*at++ != '"') continue;
      const char* const start = at;
      while (*at != '"') ++at;
      visit(std::string_view(start, static_cast<size_t>(at++ - start)));
    }
  }

 private:
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
};

class JsonReader {
 public:
  // The bytes are changed where escapes are decoded.
  JsonReader(char* text, size_t size) : at_(text), end_(text + size) {}

  // Begins an object; member() is then true for each, and the caller reads its value.
  bool object() { return open('{', "must be an object"); }
  bool member() {
    if (!more('}')) return false;
    if (next() != '"') return fail(kSyntax);
    key_ = string_;
    return next() == ':' || fail(kSyntax);
  }
  // Of the member that was read last, in any object; as it stands in the text.
  std::string_view key() const { return key_; }
  bool key_is(const char* name) const { return is_word(key_, name); }

  // Begins an array; element() then returns true before each value.
  bool array() { return open('[', "must be a list"); }
  bool element() { return more(']'); }

  // Any string.
  bool string(std::string_view& value) {
    if (next() != '"') return fail("must be a string");
    if (!unescape()) return fail(kSyntax);
    value = string_;
    return true;
  }

  // A string without escapes, as names of all kinds are.
  bool token() {
    if (next() == '"' && !escaped_) return true;
    return fail("must be a plain string");
  }
  bool token(std::string_view& value) {
    value = {};
    if (!token()) return false;
    value = string_;
    return true;
  }

  // A list of tokens.
  bool tokens(TokenList& list) {
    array();
    const char* const start = at_;
    while (element()) token();
    if (error_ == nullptr) list = TokenList(start, at_);
    return error_ == nullptr;
  }

  // One of some words. `sentence` is what the error says if it is none of them, and where the words
  // are found: "must be one of red, green, blue". `index` counts them from 0.
  bool choice(const char* sentence, int& index) {
    token();
    const char* word = sentence + sizeof "must be one of " - 1;
    for (index = 0; !is_word(string_, word); ++index) {
      while (*word++ != ',') {
        if (*word == '\0') return fail(sentence);
      }
      ++word;
    }
    return error_ == nullptr;
  }

  bool boolean(bool& value) {
    const char first = static_cast<char>(next());
    value = first == 't';
    return (value && rest_is("rue")) || (first == 'f' && rest_is("alse")) ||
           fail("must be true or false");
  }

  // A whole number, without fraction or exponent.
  bool integer(int64_t& value) {
    char digit = static_cast<char>(next());
    const bool negative = digit == '-';
    if (negative) digit = next_byte();
    if (!is_digit(digit)) return fail("must be a whole number");
    uint64_t number = 0;
    const bool leading_zero = digit == '0';
    for (;;) {
      number = number * 10 + static_cast<uint64_t>(digit - '0');
      if (number > uint64_t{INT64_MAX}) return fail("is too large");
      if (at_ == end_ || !is_digit(*at_)) break;
      if (leading_zero) return fail(kSyntax);
      digit = *at_++;
    }
    if (at_ != end_ && (*at_ == '.' || (*at_ | 0x20) == 'e')) return fail("must be a whole number");
    value = negative ? -static_cast<int64_t>(number) : static_cast<int64_t>(number);
    return true;
  }

  // A value of any kind, which is passed over.
  bool skip() {
    int depth = 0;
    do {
      const char c = static_cast<char>(next());
      if (c == '\0') return fail(kSyntax);
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      if (depth < 0) return fail(kSyntax);
      // The rest of a number or a word.
      if (is_word_byte(c)) {
        while (at_ != end_ && is_word_byte(*at_)) ++at_;
      }
    } while (depth != 0);
    first_ = false;
    return true;
  }

  // Nothing but white space may follow.
  bool finish() {
    if (next() != '\0' || at_ != end_) fail(kSyntax);
    return error_ == nullptr;
  }

  // Sets the error, if it is the first one, and returns false. `what` is a literal.
  [[gnu::noinline]] bool fail(const char* what) {
    if (error_ == nullptr) error_ = what;
    return false;
  }

  // The same of something that is not the member that was read last.
  bool fail(const char* what, const char* key) {
    if (error_ == nullptr) key_ = key;
    return fail(what);
  }

  // What is wrong with key(); null if all went well. Reads behind its name: "must be a string".
  const char* error() const { return error_; }

 private:
  static constexpr char kSyntax[] = "is not valid JSON";

  // The first byte of what comes next, behind white space: 0 if nothing does. A string is read
  // whole, into string_.
  unsigned char next() {
    while (at_ != end_) {
      const auto c = static_cast<unsigned char>(*at_++);
      if (c == '"') return next_string();
      if (c == '\0' || c > ' ') return c;
    }
    return '\0';
  }

  char next_byte() { return at_ == end_ ? '\0' : *at_++; }

  // What follows a quote, up to the next one; 0 if there is none, or a control character before it.
  unsigned char next_string() {
    escaped_ = false;
    for (char* at = at_; at != end_; ++at) {
      const auto c = static_cast<unsigned char>(*at);
      if (c == '"') {
        string_ = {at_, static_cast<size_t>(at - at_)};
        at_ = at + 1;
        return c;
      }
      if (c < ' ') break;
      if (c == '\\') {
        escaped_ = true;
        if (++at == end_) break;
      }
    }
    return '\0';
  }

  bool open(char bracket, const char* otherwise) {
    first_ = true;
    return next() == static_cast<unsigned char>(bracket) || fail(otherwise);
  }
  bool more(char bracket) {
    char* const before = at_;
    const bool first = first_;
    first_ = false;
    const auto c = next();
    if (c == static_cast<unsigned char>(bracket) || error_ != nullptr) return false;
    if (!first) return c == ',' || fail(kSyntax);
    at_ = before;
    return true;
  }

  bool rest_is(const char* word) {
    while (*word != '\0') {
      if (next_byte() != *word++) return false;
    }
    return at_ == end_ || !is_word_byte(*at_);
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_word_byte(char c) {
    const char letter = static_cast<char>(c | 0x20);
    return is_digit(c) || (letter >= 'a' && letter <= 'z') || c == '-' || c == '+' || c == '.';
  }

  // Whether `text` is `word`, which ends at a comma or a zero byte.
  static bool is_word(std::string_view text, const char* word) {
    for (const char c : text) {
      if (c != *word++ || c == ',') return false;
    }
    return *word == '\0' || *word == ',';
  }

  // Decodes string_ in place: no escape is shorter than what it stands for.
  bool unescape() {
    if (!escaped_) return true;
    char* const start = const_cast<char*>(string_.data());
    JsonReader text(start, string_.size());
    char* to = start;
    while (text.at_ != text.end_) {
      const char c = text.next_byte();
      if (c != '\\') {
        *to++ = c;
      } else if (!text.unescape_one(to)) {
        return false;
      }
    }
    string_ = {start, static_cast<size_t>(to - start)};
    return true;
  }

  // Decodes what follows a backslash.
  bool unescape_one(char*& to) {
    static constexpr char kEscapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    const char c = next_byte();
    if (c == 'u') return unescape_unicode(to);
    for (const char* escape = kEscapes; *escape != '\0'; escape += 2) {
      if (*escape != c) continue;
      *to++ = escape[1];
      return true;
    }
    return false;
  }

  // UTF-16 code units to UTF-8. A surrogate must be one half of a pair.
  bool unescape_unicode(char*& to) {
    uint32_t code = hex4();
    if (is_surrogate(code)) {
      if (code >= kLowSurrogate || next_byte() != '\\' || next_byte() != 'u') return false;
      const uint32_t low = hex4();
      if (!is_surrogate(low) || low < kLowSurrogate) return false;
      code = 0x10000 + ((code - kHighSurrogate) << 10) + (low - kLowSurrogate);
    }
    if (code > 0x10FFFF) return false;
    const int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    for (int i = more; i > 0; --i) {
      to[i] = static_cast<char>(0x80 | (code & 0x3F));
      code >>= 6;
    }
    // 0xC0, 0xE0 or 0xF0: as many ones as there are bytes.
    to[0] = static_cast<char>(more == 0 ? code : (0xFF00u >> (more + 1)) | code);
    to += more + 1;
    return true;
  }

  static constexpr uint32_t kHighSurrogate = 0xD800;
  static constexpr uint32_t kLowSurrogate = 0xDC00;
  static bool is_surrogate(uint32_t code) { return code - kHighSurrogate < 0x800; }

  // Four hexadecimal digits; something larger than any character if they are not.
  uint32_t hex4() {
    uint32_t value = 0;
    bool valid = true;
    for (int i = 0; i < 4; ++i) {
      const char c = next_byte();
      const char letter = static_cast<char>(c | 0x20);
      value <<= 4;
      if (is_digit(c)) {
        value |= static_cast<uint32_t>(c - '0');
      } else if (letter >= 'a' && letter <= 'f') {
        value |= static_cast<uint32_t>(letter - 'a' + 10);
      } else {
        valid = false;
      }
    }
    return valid ? value : UINT32_MAX;
  }

  char* at_;
  char* end_;
  std::string_view key_ = "the configuration";
  std::string_view string_;  // that was read last
  const char* error_ = nullptr;
  bool escaped_ = false;  // string_ has escapes
  bool first_ = false;    // no value of the innermost open object or array was read yet
};

}  // namespace proxy_wasm
