// Logging that costs nothing where the host would throw the line away. (Not part of the upstream
// SDK, whose LOG_INFO and its like build the string first.)
//
//     if (proxy_wasm::logs(LogLevel::debug)) {
//       proxy_wasm::log_line(LogLevel::debug, "retry after ", delay, " ms");
//     }
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <string_view>

#include "proxy_wasm_externs.h"

namespace proxy_wasm {

// Whether the host writes what is logged at this level. One hostcall: ask once for many lines.
inline bool logs(LogLevel level) {
  LogLevel least = LogLevel::trace;
  proxy_get_log_level(&least);
  return level >= least;
}

inline void log_parts(LogLevel level, const std::string_view* parts, size_t count) {
  size_t size = 0;
  for (size_t i = 0; i < count; ++i) size += parts[i].size();
  auto* const line = static_cast<char*>(malloc(size));
  if (line == nullptr) return;
  char* to = line;
  for (size_t i = 0; i < count; ++i) {
    if (!parts[i].empty()) memcpy(to, parts[i].data(), parts[i].size());
    to += parts[i].size();
  }
  proxy_log(level, line, size);
  free(line);
}

// Logs the parts, one after the other, as one line.
template <class... Parts>
void log_line(LogLevel level, const Parts&... parts) {
  const std::string_view views[] = {parts...};
  if constexpr (sizeof...(parts) == 1) {
    proxy_log(level, views[0].data(), views[0].size());
  } else {
    log_parts(level, views, sizeof...(parts));
  }
}

// Logs "what problem" as one line: what is wrong with a configuration, e.g. from a JsonReader.
inline void log_problem(std::string_view what, const char* problem) {
  const size_t rest = strlen(problem);
  auto* const line = static_cast<char*>(malloc(what.size() + 1 + rest));
  if (line == nullptr) return;
  memcpy(line, what.data(), what.size());
  line[what.size()] = ' ';
  memcpy(line + what.size() + 1, problem, rest);
  proxy_log(LogLevel::error, line, what.size() + 1 + rest);
  free(line);
}

}  // namespace proxy_wasm
