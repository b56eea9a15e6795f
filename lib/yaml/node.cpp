#include "yaml/node.hpp"

#include "yaml/scalar.hpp"

namespace wasmctl::yaml {

const Node* find(const Node& node, std::string_view key) {
  for (const auto& entry : node.entries) {
    if (entry.key.text == key) return &entry.value;
  }
  return nullptr;
}

std::string_view describe(const Node& node) {
  if (node.kind == Kind::mapping) return "a mapping";
  if (node.kind == Kind::sequence) return "a list";
  switch (type_of(node)) {
    case ScalarType::null:
      return "nothing";
    case ScalarType::boolean:
      return "a boolean";
    case ScalarType::integer:
    case ScalarType::floating:
      return "a number";
    case ScalarType::string:
      break;
  }
  return "a string";
}

std::string place(std::string_view file, const Mark& mark) {
  return to_string(Place{std::string(file), mark.line, mark.column});
}

Error error_at(std::string_view file, const Mark& mark, std::string_view message) {
  return Error(Code::bad_input, Place{std::string(file), mark.line, mark.column}, message);
}

}  // namespace wasmctl::yaml
