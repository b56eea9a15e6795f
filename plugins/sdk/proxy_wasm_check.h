// The log functions, and the end of a plugin that cannot go on.
#pragma once

#include <stdlib.h>

#include <string_view>

#include "proxy_wasm_externs.h"

inline WasmResult logTrace(std::string_view message) {
  return proxy_log(LogLevel::trace, message.data(), message.size());
}
inline WasmResult logDebug(std::string_view message) {
  return proxy_log(LogLevel::debug, message.data(), message.size());
}
inline WasmResult logInfo(std::string_view message) {
  return proxy_log(LogLevel::info, message.data(), message.size());
}
inline WasmResult logWarn(std::string_view message) {
  return proxy_log(LogLevel::warn, message.data(), message.size());
}
inline WasmResult logError(std::string_view message) {
  return proxy_log(LogLevel::error, message.data(), message.size());
}
inline WasmResult logCritical(std::string_view message) {
  return proxy_log(LogLevel::critical, message.data(), message.size());
}

// Logs, and traps: the host answers this stream and, under Envoy's FAIL_CLOSED, all later ones
// with 503.
[[noreturn]] inline void logAbort(std::string_view message) {
  logCritical(message);
  abort();
}

// Logs an expression whose WasmResult is not Ok, and traps.
#define CHECK_RESULT(expression)          \
  do {                                    \
    if ((expression) != WasmResult::Ok) { \
      logAbort(#expression);              \
    }                                     \
  } while (0)

// One line: file, line number, function, message. What is logged is built by +, and is built even
// if the host throws it away; proxy_wasm_log.h has what asks first. The number is text already when
// the compiler sees it: writing one in decimal costs a module 1 KB.
#define PROXY_WASM_TEXT(token) #token
#define PROXY_WASM_NUMBER(number) PROXY_WASM_TEXT(number)
#define LOG(level, ...)                                                                         \
  log##level(std::string("[" __FILE__ ":" PROXY_WASM_NUMBER(__LINE__) "]::") + __FUNCTION__ + \
             "() " + __VA_ARGS__)
#define LOG_TRACE(...) LOG(Trace, __VA_ARGS__)
#define LOG_DEBUG(...) LOG(Debug, __VA_ARGS__)
#define LOG_INFO(...) LOG(Info, __VA_ARGS__)
#define LOG_WARN(...) LOG(Warn, __VA_ARGS__)
#define LOG_ERROR(...) LOG(Error, __VA_ARGS__)
#define LOG_CRITICAL(...) LOG(Critical, __VA_ARGS__)
