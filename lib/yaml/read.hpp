// Text to trees, over libyaml's events. The text is hostile until read: depth, aliases and
// duplicate keys, which libyaml does not judge, are bounded here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/node.hpp"

namespace wasmctl::yaml {

inline constexpr int kMaxDepth = 64;  // libyaml's flow collections cost their depth squared
inline constexpr std::size_t kMaxTextBytes = std::size_t{1} << 30U;
// What all aliases of one document may copy, in bytes of text plus nodes: a few lines of `*a`
// nested ten deep would otherwise make 10^10 nodes.
inline constexpr std::size_t kMaxAliasWeight = std::size_t{1} << 22U;

struct Document {
  Node root;   // of an empty document: a plain scalar without text
  Mark start;  // of `---`, or of the first token
  Mark end;    // behind `...`, or where the next document starts
};

// The documents of a stream, one at a time, so that a file of 10,000 needs the memory of one.
// Every function throws Error{Code::bad_input} with `NAME:LINE:COLUMN: ` before what is wrong.
class Reader {
 public:
  // `text` must outlive the reader. `name` is the file's, for messages.
  Reader(std::string_view text, std::string name);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Nothing at the end of the stream. After an error the reader is used up.
  std::optional<Document> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::vector<Document> read_all(std::string_view text, const std::string& name);

// The one document of a stream that may hold no second.
Document read_one(std::string_view text, const std::string& name);

}  // namespace wasmctl::yaml
