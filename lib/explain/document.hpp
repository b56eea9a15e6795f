// Documents (config dumps, what kubectl and istioctl print as JSON or YAML) as a stream of their
// values, with lines, so that a dump of any size takes no memory of its size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/node.hpp"

namespace wasmctl::explain {

// Who is told what is in a document. The key of an item of a list is empty.
class DocumentSink {
 public:
  virtual ~DocumentSink() = default;
  virtual void enter(std::string_view key) = 0;  // a mapping or a list
  virtual void leave() = 0;
  // Of a string unescaped and cut at kMaxValueBytes, of others as written.
  virtual void value(std::string_view key, std::string_view text, std::size_t line) = 0;
};

inline constexpr std::size_t kMaxValueBytes = 65536;

// JSON that comes in pieces: one document, or several one after the other. What is not JSON does no
// harm: it gives values that nobody asked for.
class JsonWalker {
 public:
  explicit JsonWalker(DocumentSink& sink, std::size_t first_line = 1)
      : sink_(&sink), line_(first_line) {}
  void write(std::string_view piece);
  void finish();
  std::size_t line() const { return line_; }

 private:
  enum class State : std::uint8_t { between, string, escape, unicode, bare };
  void structural(char c);
  void in_string(char c);
  void escaped(char c);
  void hex_digit(char c);
  void end_string();
  void end_bare();
  void append(std::string_view bytes);
  void append_point(std::uint32_t point);
  void open(char kind);
  void close();

  DocumentSink* sink_;
  State state_ = State::between;
  std::string text_;  // of the string or bare word that is being read
  std::string key_;   // of the value to come
  std::string open_;  // '{' and '[' around; those beyond kMaxDepth are counted alone
  std::size_t too_deep_ = 0;
  bool key_is_next_ = false;
  std::uint32_t point_ = 0;
  std::uint32_t surrogate_ = 0;  // the first of a pair
  int digits_ = 0;
  std::size_t line_;
  std::size_t string_line_ = 1;
};

// A tree that has been read.
void walk(const yaml::Node& root, DocumentSink& sink);

}  // namespace wasmctl::explain
