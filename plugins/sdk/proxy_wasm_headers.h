// The headers of a request or response, one after the other, without a copy of any. (Not part of
// the upstream SDK, whose getHeaderMapPairs copies and allocates.)
//
//     proxy_wasm::Headers headers(WasmHeaderMapType::RequestHeaders);
//     while (headers.next()) {
//       if (headers.name() == "user-agent") headers.log(LogLevel::info);
//     }
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <string_view>

#include "proxy_wasm_externs.h"
#include "proxy_wasm_pairs.h"
#include "proxy_wasm_views.h"

namespace proxy_wasm {

class Headers {
 public:
  // One hostcall. A host that has no such headers gives none.
  explicit Headers(WasmHeaderMapType type) : block_(header_pairs(type)), reader_(block_.view()) {}

  // To the next one, in the host's order; a field of several values comes several times.
  bool next() { return reader_.next(name_, value_); }

  // Of the one that next() has found; names are in lower case.
  std::string_view name() const { return name_; }
  std::string_view value() const { return value_; }

  // Logs it as `User-Agent: curl/8.5.0`. The line is made where the host wrote name and value, which
  // are not to be asked for after it.
  void log(LogLevel level);

 private:
  HostBytes block_;
  PairsReader reader_;
  std::string_view name_;
  std::string_view value_;
};

// After the name is a zero byte, then the value, and after that a zero byte again
// (proxy_wasm_pairs.h): the value moves up by one, and what was free is the `: `.
inline void Headers::log(LogLevel level) {
  char* const line = const_cast<char*>(name_.data());  // of `block_`, which is ours
  char* const end_of_name = line + name_.size();
  char previous = '-';
  for (char* c = line; c != end_of_name; ++c) {
    if (previous == '-' && *c >= 'a' && *c <= 'z') *c -= 'a' - 'A';
    previous = *c;
  }
  memmove(end_of_name + 2, value_.data(), value_.size());
  end_of_name[0] = ':';
  end_of_name[1] = ' ';
  proxy_log(level, line, name_.size() + 2 + value_.size());
}

}  // namespace proxy_wasm
