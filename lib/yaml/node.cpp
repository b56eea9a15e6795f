#include "yaml/node.hpp"

#include <fmt/format.h>

#include <charconv>

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
  return fmt::format("{}:{}:{}", file, mark.line, mark.column);
}

Error error_at(std::string_view file, const Mark& mark, std::string_view message) {
  return Error(Code::bad_input, fmt::format("{}: {}", place(file, mark), message));
}

std::optional<Mark> take_mark(std::string& message, std::string_view file) {
  auto rest = std::string_view(message);
  if (!rest.starts_with(file)) return std::nullopt;
  rest.remove_prefix(file.size());
  Mark mark;
  for (auto* number : {&mark.line, &mark.column}) {
    if (!rest.starts_with(':')) return std::nullopt;
    rest.remove_prefix(1);
    const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), *number);
    if (failed != std::errc()) return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  if (!rest.starts_with(": ")) return std::nullopt;
  message = rest.substr(2);
  return mark;
}

}  // namespace wasmctl::yaml
