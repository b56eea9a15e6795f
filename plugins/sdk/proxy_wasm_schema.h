// What else comes from a described configuration (proxy_wasm_config.h): its JSON Schema, an
// example, and the table of its keys for a README. For programs that run natively, such as a test
// that compares them with the plugin's files; a module has no use for them.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "proxy_wasm_config.h"

namespace proxy_wasm {
namespace schema {

inline std::string quote(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < ' ') {
      quoted += std::string("\\u00") + kHex[c >> 4] + kHex[c & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

// The words of an enumeration.
template <class Enum>
std::vector<std::string> words() {
  std::string_view rest = std::string_view(kChoices<Enum>).substr(sizeof "must be one of " - 1);
  std::vector<std::string> found;
  for (;;) {
    const auto comma = rest.find(", ");
    found.emplace_back(rest.substr(0, comma));
    if (comma == std::string_view::npos) return found;
    rest.remove_prefix(comma + 2);
  }
}

inline std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (const auto& part : parts) joined += (joined.empty() ? "" : std::string(separator)) + part;
  return joined;
}

// A value as JSON, on one line.
template <class T>
std::string value(const T& of) {
  std::vector<std::string> parts;
  if constexpr (has_fields<T>) {
    std::apply(
        [&](const auto&... field) {
          (parts.push_back(quote(field.name) + ": " + value(of.*field.member)), ...);
        },
        T::fields());
    return "{" + join(parts, ", ") + "}";
  } else if constexpr (std::is_same_v<T, StringPairs>) {
    for (const auto& [name, text] : of) parts.push_back(quote(name) + ": " + quote(text));
    return "{" + join(parts, ", ") + "}";
  } else if constexpr (is_vector<T>) {
    for (const auto& item : of) parts.push_back(value(item));
    return "[" + join(parts, ", ") + "]";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return quote(of);
  } else if constexpr (std::is_same_v<T, bool>) {
    return of ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    return quote(words<T>()[static_cast<std::size_t>(of)]);
  } else {
    return std::to_string(of);
  }
}

// How the table names a type.
template <class T>
std::string type_name() {
  if constexpr (std::is_same_v<T, StringPairs>) {
    return "object of strings";
  } else if constexpr (has_fields<T>) {
    return "object";
  } else if constexpr (is_vector<T>) {
    return "list of " + type_name<typename T::value_type>() + "s";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return "string";
  } else if constexpr (std::is_same_v<T, bool>) {
    return "boolean";
  } else if constexpr (std::is_enum_v<T>) {
    return "`" + join(words<T>(), "`, `") + "`";
  } else {
    return "integer";
  }
}

// The keywords of a type, without braces; `indent` is that of the line they begin on.
template <class T>
std::string keywords(const std::string& indent);

template <class T>
std::string object_keywords(const std::string& indent) {
  std::string properties, required;
  const std::string deeper = indent + "  ", deepest = indent + "    ";
  const T defaults;
  const auto add = [&](const auto& field) {
    using Member = std::decay_t<decltype(defaults.*field.member)>;
    properties += (properties.empty() ? "\n" : ",\n") + deeper + quote(field.name) + ": {\n" +
                  deepest + "\"description\": " + quote(field.text) + ",\n" + deepest +
                  keywords<Member>(deepest);
    if (!field.required)
      properties += ",\n" + deepest + "\"default\": " + value(defaults.*field.member);
    properties += "\n" + deeper + "}";
    if (field.required) required += (required.empty() ? "" : ", ") + quote(field.name);
  };
  std::apply([&](const auto&... field) { (add(field), ...); }, T::fields());
  std::string text =
      "\"type\": \"object\",\n" + indent + "\"additionalProperties\": false,\n" + indent;
  if (!required.empty()) text += "\"required\": [" + required + "],\n" + indent;
  return text + "\"properties\": {" + properties + "\n" + indent + "}";
}

template <class T>
std::string keywords(const std::string& indent) {
  if constexpr (std::is_same_v<T, StringPairs>) {
    return R"("type": "object",)"
           "\n" +
           indent + R"("additionalProperties": {"type": "string"})";
  } else if constexpr (has_fields<T>) {
    return object_keywords<T>(indent);
  } else if constexpr (is_vector<T>) {
    return "\"type\": \"array\",\n" + indent + "\"items\": {\n" + indent + "  " +
           keywords<typename T::value_type>(indent + "  ") + "\n" + indent + "}";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return R"("type": "string")";
  } else if constexpr (std::is_same_v<T, bool>) {
    return R"("type": "boolean")";
  } else if constexpr (std::is_enum_v<T>) {
    std::vector<std::string> quoted;
    for (const auto& word : words<T>()) quoted.push_back(quote(word));
    return "\"enum\": [" + join(quoted, ", ") + "]";
  } else {
    using Limits = std::numeric_limits<T>;
    std::string text = "\"type\": \"integer\"";
    if (std::is_unsigned_v<T> || sizeof(T) < 8) {
      text += ",\n" + indent + "\"minimum\": " + std::to_string(Limits::min());
    }
    if (sizeof(T) < 8) text += ",\n" + indent + "\"maximum\": " + std::to_string(Limits::max());
    return text;
  }
}

}  // namespace schema

// The JSON Schema (draft 2020-12) of a configuration, with a line break at its end.
template <class Config>
std::string json_schema(std::string_view title) {
  return "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"title\": " +
         schema::quote(title) + ",\n  " + schema::keywords<Config>("  ") + "\n}\n";
}

// A configuration with all keys at their initial values, on one line.
template <class Config>
std::string json_example() {
  return schema::value(Config{});
}

// The rows of a Markdown table: key, type, default, meaning.
template <class Config>
std::string markdown_table() {
  std::string table = "| key | type | default | meaning |\n|---|---|---|---|\n";
  const Config defaults;
  std::apply(
      [&](const auto&... field) {
        ((table +=
          std::string("| `") + field.name + "` | " +
          schema::type_name<std::decay_t<decltype(defaults.*field.member)>>() + " | " +
          (field.required ? "required" : "`" + schema::value(defaults.*field.member) + "`") +
          " | " + field.text + " |\n"),
         ...);
      },
      Config::fields());
  return table;
}

}  // namespace proxy_wasm
