#include "host/suite/text_format.hpp"

#include <fmt/format.h>

#include <utility>

#include "yaml/read.hpp"

namespace wasmctl::host {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& text, std::uint32_t point) {
  const auto tail = [&](unsigned shift) {
    text += static_cast<char>(0x80U | ((point >> shift) & 0x3fU));
  };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xc0U | (point >> 6U));
    tail(0);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xe0U | (point >> 12U));
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xf0U | (point >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  yaml::Node run() {
    skip();
    auto root = fields('\0');
    root.end = here_;
    return root;
  }

 private:
  [[noreturn]] void fail(const yaml::Mark& mark, std::string_view what) const {
    throw yaml::error_at(name_, mark, what);
  }

  // What stands there, for messages.
  std::string found() const {
    if (at_end()) return "the end";
    const auto size = is_word(peek()) ? word_size() : 1;
    return fmt::format("`{}`", text_.substr(here_.offset, size));
  }

  bool at_end() const { return here_.offset >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[here_.offset]; }

  std::size_t word_size() const {
    std::size_t size = 0;
    while (here_.offset + size < text_.size() && is_word(text_[here_.offset + size])) ++size;
    return size;
  }

  void advance() {
    const auto byte = static_cast<unsigned char>(text_[here_.offset++]);
    if (byte == '\n') {
      ++here_.line;
      here_.column = 1;
    } else if ((byte & 0xc0U) != 0x80U) {  // not within a character
      ++here_.column;
    }
  }

  // Blanks and comments.
  void skip() {
    while (!at_end()) {
      const char c = peek();
      if (c == '#') {
        while (!at_end() && peek() != '\n') advance();
      } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
        advance();
      } else {
        break;
      }
    }
  }

  bool take(char c) {
    if (at_end() || peek() != c) return false;
    advance();
    skip();
    return true;
  }

  yaml::Node scalar(yaml::Style style) const {
    yaml::Node node;
    node.style = style;
    node.start = here_;
    return node;
  }

  yaml::Node word() {
    if (!is_word(peek())) fail(here_, fmt::format("expected a field's name, found {}", found()));
    auto node = scalar(yaml::Style::plain);
    for (auto size = word_size(); size > 0; --size) {
      node.text += peek();
      advance();
    }
    node.end = here_;
    skip();
    return node;
  }

  // Up to `close`, which is taken; of the whole text up to its end.
  yaml::Node fields(char close) {
    yaml::Node node;
    node.kind = yaml::Kind::mapping;
    node.style = yaml::Style::flow;
    node.start = here_;
    if (++depth_ > yaml::kMaxDepth)
      fail(here_, fmt::format("more than {} levels deep", yaml::kMaxDepth));
    while (true) {
      if (at_end()) {
        if (close != '\0') fail(here_, fmt::format("expected `{}`, found the end", close));
        break;
      }
      if (close != '\0' && peek() == close) {
        advance();
        node.end = here_;
        skip();
        break;
      }
      if (peek() == '[') fail(here_, "extensions and Any are not read here");
      auto key = word();
      const bool colon = take(':');
      if (!colon && peek() != '{' && peek() != '<') {
        fail(here_, fmt::format("expected `:` after `{}`, found {}", key.text, found()));
      }
      auto content = value();
      node.entries.push_back({std::move(key), std::move(content)});
      if (!take(',')) take(';');
    }
    --depth_;
    return node;
  }

  yaml::Node value() {
    const auto start = here_;
    if (peek() == '[') return list();
    if (peek() == '{' || peek() == '<') {
      const char close = peek() == '{' ? '}' : '>';
      advance();
      skip();
      auto node = fields(close);
      node.start = start;
      return node;
    }
    if (peek() == '"' || peek() == '\'') return strings();
    return plain();
  }

  yaml::Node list() {
    yaml::Node node;
    node.kind = yaml::Kind::sequence;
    node.style = yaml::Style::flow;
    node.start = here_;
    take('[');
    if (peek() != ']') {
      do {
        if (peek() == '[') fail(here_, "a list may not be in a list");
        node.items.push_back(value());
      } while (take(','));
    }
    if (peek() != ']') fail(here_, fmt::format("expected `,` or `]`, found {}", found()));
    advance();
    node.end = here_;
    skip();
    return node;
  }

  // Numbers and names, `-inf` among them.
  yaml::Node plain() {
    auto node = scalar(yaml::Style::plain);
    if (peek() == '-') {
      node.text += '-';
      advance();
      skip();
    }
    while (!at_end() && (is_word(peek()) || peek() == '.' || peek() == '+' || peek() == '-')) {
      node.text += peek();
      advance();
    }
    node.end = here_;
    if (node.text.empty() || node.text == "-")
      fail(node.start, fmt::format("expected a value, found {}", found()));
    skip();
    return node;
  }

  // One or several, which are one.
  yaml::Node strings() {
    auto node = scalar(yaml::Style::double_quoted);
    while (peek() == '"' || peek() == '\'') {
      string(node.text);
      node.end = here_;
      skip();
    }
    return node;
  }

  void string(std::string& text) {
    const auto start = here_;
    const char quote = peek();
    advance();
    while (!at_end() && peek() != quote) {
      if (peek() == '\n') fail(start, "the string does not end on its line");
      if (peek() == '\\') {
        escape(text);
      } else {
        text += peek();
        advance();
      }
    }
    if (at_end()) fail(start, "the string does not end");
    advance();
  }

  void escape(std::string& text) {
    static constexpr std::string_view kLetters = "abfnrtv\\'\"?";
    static constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\'\"?";
    const auto start = here_;
    advance();
    const char c = peek();
    if (const auto letter = kLetters.find(c); !at_end() && letter != std::string_view::npos) {
      text += kValues[letter];
      advance();
    } else if (c >= '0' && c <= '7') {
      const auto code = number(8, 3);
      if (code > 0xff) fail(start, "the escape is no byte");
      text += static_cast<char>(code);
    } else if (c == 'x' || c == 'X') {
      advance();
      if (hex_digit(peek()) < 0) fail(start, "expected hexadecimal digits after `\\x`");
      text += static_cast<char>(number(16, 2));
    } else if (c == 'u' || c == 'U') {
      advance();
      text_point(text, start, c == 'u' ? 4 : 8);
    } else {
      fail(start, "unknown escape");
    }
  }

  void text_point(std::string& text, const yaml::Mark& start, int digits) {
    const auto before = here_.offset;
    const auto point = number(16, digits);
    const bool whole = here_.offset - before == static_cast<std::size_t>(digits);
    if (!whole || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
      fail(start, "the escape is no character");
    append_utf8(text, point);
  }

  // Of at most `most` digits.
  std::uint32_t number(int base, int most) {
    std::uint32_t value = 0;
    for (int i = 0; i < most; ++i) {
      const auto digit = at_end() ? -1 : hex_digit(peek());
      if (digit < 0 || digit >= base) break;
      value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
      advance();
    }
    return value;
  }

  std::string_view text_;
  const std::string& name_;
  yaml::Mark here_;
  int depth_ = 0;
};

}  // namespace

yaml::Node read_text_format(std::string_view text, const std::string& name) {
  return Parser(text, name).run();
}

}  // namespace wasmctl::host
