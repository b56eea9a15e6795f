#include "host/suite/input.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "host/suite/match.hpp"

namespace wasmctl::host {

Pairs pairs_of(const std::vector<Header>& headers) {
  Pairs pairs;
  for (const auto& header : headers) pairs.emplace_back(header.key, header.value);
  return pairs;
}

Pairs input_headers(const Suite& suite, const Input& input, MessageKind kind) {
  if (!input.file.empty()) return parse_http1(read_suite_file(suite, input.file), kind);
  if (!input.content.empty()) return parse_http1(input.content, kind);
  return pairs_of(input.header);
}

std::string input_body(const Suite& suite, const Input& input) {
  return input.file.empty() ? input.content : read_suite_file(suite, input.file);
}

std::vector<std::string> pieces_of(const Test& test, const std::string& body) {
  if (!test.num_chunks && !test.chunk_size) return {body};
  const auto count = static_cast<std::size_t>(std::max(test.num_chunks.value_or(1), 0));
  const auto size = test.num_chunks
                        ? (count == 0 ? 0 : body.size() / count)
                        : static_cast<std::size_t>(std::max<std::int64_t>(*test.chunk_size, 0));
  if (size == 0) {
    throw Error(Code::bad_input,
                fmt::format("a body of {} bytes cannot be cut into {} pieces", body.size(),
                            test.num_chunks ? std::to_string(*test.num_chunks) : "empty"));
  }
  std::vector<std::string> pieces;
  std::size_t at = 0;
  do {
    const bool is_last = test.num_chunks && pieces.size() + 1 == count;
    pieces.push_back(body.substr(at, is_last ? std::string::npos : size));
    at += pieces.back().size();
  } while (at < body.size());
  return pieces;
}

}  // namespace wasmctl::host
