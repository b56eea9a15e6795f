// CEL expressions over the attributes of a request, which Envoy compiles and evaluates:
//
//     uint32_t token = 0;
//     std::string server;
//     if (createExpression("request.headers['server']", &token) == WasmResult::Ok &&
//         evaluateExpression(token, &server)) { ... }
//     exprDelete(token);
//
// Create an expression once, e.g. in onConfigure, and evaluate it for each request: it belongs to
// the plugin until it is deleted. Envoy answers BadArgument to what is no expression.
// Source: Envoy, source/extensions/common/wasm/foreign.cc (expr_create, expr_evaluate,
// expr_delete); https://github.com/google/cel-spec.
#pragma once

#include "proxy_wasm_api.h"

namespace proxy_wasm {

// The token as the host reads it.
inline std::string_view token_bytes(const uint32_t& token) {
  return {reinterpret_cast<const char*>(&token), sizeof token};
}

}  // namespace proxy_wasm

inline WasmResult createExpression(std::string_view expression, uint32_t* token) {
  WasmDataPtr bytes;
  const WasmResult result = proxy_wasm::call_foreign_function("expr_create", expression, &bytes);
  if (result == WasmResult::Ok && bytes->size() == sizeof *token) {
    memcpy(token, bytes->data(), sizeof *token);
  }
  return result;
}

// The value's bytes, as getProperty gives those of a property: nothing if there is no such
// expression, or if it ends in an error.
inline std::optional<WasmDataPtr> exprEvaluate(uint32_t token) {
  WasmDataPtr value;
  const auto bytes = proxy_wasm::token_bytes(token);
  if (proxy_wasm::call_foreign_function("expr_evaluate", bytes, &value) != WasmResult::Ok) return std::nullopt;
  return value;
}

inline WasmResult exprDelete(uint32_t token) {
  WasmDataPtr nothing;
  return proxy_wasm::call_foreign_function("expr_delete", proxy_wasm::token_bytes(token), &nothing);
}

// The value as one of the types of getValue; false if it has another size.
template <typename T>
inline bool evaluateExpression(uint32_t token, T* out) {
  const auto value = exprEvaluate(token);
  return value.has_value() && proxy_wasm::assign_value((*value)->view(), out);
}

// A value that is a message of a protobuf library: anything with ParseFromArray. A null is an empty
// one.
template <typename T>
inline bool evaluateMessage(uint32_t token, T* message) {
  const auto value = exprEvaluate(token);
  if (!value.has_value()) return false;
  return (*value)->size() == 0 ||
         message->ParseFromArray((*value)->data(), static_cast<int>((*value)->size()));
}
