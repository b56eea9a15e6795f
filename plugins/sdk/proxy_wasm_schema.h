// What else comes from a described configuration (proxy_wasm_config.h): its JSON Schema, an
// example, and the table of its keys for a README.
//
//     PROXY_WASM_DESCRIBE(Config);
//
// in one source of the plugin, outside of any namespace: the compiler computes the three texts, and
// `wasmctl build` puts them beside the module, as build/NAME.schema.json, NAME.example.json and
// NAME.config.md. Not a byte of them is in the module. The functions are there for programs that
// run natively, too.
//
// C++20. The macro needs clang 21 or later, for text in asm that the compiler computes.
#pragma once

#include <algorithm>
#include <array>
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

// Appends `text`, with what `escape(char)` gives for those characters for which it is not empty.
// (By runs of characters, as compilers compute an append of many as fast as one of one.)
template <class Escape>
constexpr void append_escaped(std::string& to, std::string_view text, Escape escape) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c > '"' && c != '\\') continue;  // never escaped
    const std::string_view escaped = escape(c);
    if (escaped.empty()) continue;
    to.append(text.substr(begin, i - begin)).append(escaped);
    begin = i + 1;
  }
  to.append(text.substr(begin));
}

// As a JSON string.
constexpr std::string quote(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  char code[] = "\\u0000";
  std::string quoted = "\"";
  append_escaped(quoted, text, [&](char c) -> std::string_view {
    if (c == '"') return "\\\"";
    if (c == '\\') return "\\\\";
    if (static_cast<unsigned char>(c) >= ' ') return {};
    code[4] = kHex[static_cast<unsigned char>(c) >> 4];
    code[5] = kHex[c & 15];
    return code;
  });
  return quoted + '"';
}

// std::to_string, which the compiler cannot compute before C++26.
template <class T>
constexpr std::string decimal(T number) {
  std::string digits;
  const bool negative = number < 0;
  do {
    const T digit = number % 10;
    digits.insert(digits.begin(), static_cast<char>('0' + (digit < 0 ? -digit : digit)));
    number = static_cast<T>(number / 10);
  } while (number != 0);
  return negative ? "-" + digits : digits;
}

// The words of an enumeration.
template <class Enum>
constexpr std::vector<std::string> words() {
  std::string_view rest = std::string_view(kChoices<Enum>).substr(sizeof "must be one of " - 1);
  std::vector<std::string> found;
  for (;;) {
    const auto comma = rest.find(", ");
    found.emplace_back(rest.substr(0, comma));
    if (comma == std::string_view::npos) return found;
    rest.remove_prefix(comma + 2);
  }
}

constexpr std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (const auto& part : parts) {
    if (!joined.empty()) joined += separator;
    joined += part;
  }
  return joined;
}

// A value as JSON, on one line.
template <class T>
constexpr std::string value(const T& of) {
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
  } else if constexpr (std::is_same_v<T, TokenList>) {
    return "[" + std::string(of.text()) + "]";
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
    return decimal(of);
  }
}

// How the table names a type.
template <class T>
constexpr std::string type_name() {
  if constexpr (std::is_same_v<T, StringPairs>) {
    return "object of strings";
  } else if constexpr (has_fields<T>) {
    return "object";
  } else if constexpr (std::is_same_v<T, TokenList>) {
    return "list of strings";
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
constexpr std::string keywords(const std::string& indent);

template <class T>
constexpr std::string object_keywords(const std::string& indent) {
  std::string properties, required;
  const std::string deeper = indent + "  ", deepest = indent + "    ";
  const T defaults{};
  const auto add = [&](const auto& field) {
    using Member = std::decay_t<decltype(defaults.*field.member)>;
    properties += (properties.empty() ? "\n" : ",\n") + deeper + quote(field.name) + ": {\n" +
                  deepest + "\"description\": " + quote(field.text) + ",\n" + deepest +
                  keywords<Member>(deepest);
    if (!field.required) {
      properties += ",\n" + deepest + "\"default\": " + value(defaults.*field.member);
    }
    properties += "\n" + deeper + "}";
    if (field.required) required += (required.empty() ? "" : ", ") + quote(field.name);
  };
  std::apply([&](const auto&... field) { (add(field), ...); }, T::fields());
  std::string text =
      "\"type\": \"object\",\n" + indent + "\"additionalProperties\": false,\n" + indent;
  if (!required.empty()) text += "\"required\": [" + required + "],\n" + indent;
  return text + "\"properties\": {" + properties + "\n" + indent + "}";
}

constexpr std::string list_keywords(const std::string& items, const std::string& indent) {
  return "\"type\": \"array\",\n" + indent + "\"items\": {\n" + indent + "  " + items + "\n" +
         indent + "}";
}

template <class T>
constexpr std::string keywords(const std::string& indent) {
  if constexpr (std::is_same_v<T, StringPairs>) {
    return "\"type\": \"object\",\n" + indent + "\"additionalProperties\": {\"type\": \"string\"}";
  } else if constexpr (has_fields<T>) {
    return object_keywords<T>(indent);
  } else if constexpr (std::is_same_v<T, TokenList>) {
    // What no encoder of JSON escapes: the tokens of RFC 9110, section 5.6.2, without &.
    return list_keywords(
        R"("type": "string",)"
        "\n" +
            indent + R"(  "pattern": "^[A-Za-z0-9!#$%'*+.^_`|~-]+$")",
        indent);
  } else if constexpr (is_vector<T>) {
    return list_keywords(keywords<typename T::value_type>(indent + "  "), indent);
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
      text += ",\n" + indent + "\"minimum\": " + decimal(Limits::min());
    }
    if (sizeof(T) < 8) text += ",\n" + indent + "\"maximum\": " + decimal(Limits::max());
    return text;
  }
}

}  // namespace schema

// The JSON Schema (draft 2020-12) of a configuration, with a line break at its end.
template <class Config>
constexpr std::string json_schema() {
  return "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  " +
         schema::keywords<Config>("  ") + "\n}\n";
}

// A configuration with all keys at their initial values, on one line with a line break.
template <class Config>
constexpr std::string json_example() {
  return schema::value(Config{}) + "\n";
}

// A Markdown table: key, type, default, meaning.
template <class Config>
constexpr std::string markdown_table() {
  std::string table = "| key | type | default | meaning |\n|---|---|---|---|\n";
  const Config defaults{};
  std::apply(
      [&](const auto&... field) {
        ((table += std::string("| `") + field.name + "` | " +
                   schema::type_name<std::decay_t<decltype(defaults.*field.member)>>() + " | " +
                   (field.required ? std::string("required")
                                   : "`" + schema::value(defaults.*field.member) + "`") +
                   " | " + field.text + " |\n"),
         ...);
      },
      Config::fields());
  return table;
}

namespace schema {

// A directive of the assembler that puts `text` into a custom section of the object file.
constexpr std::string section(std::string_view name, std::string_view text) {
  std::string line = ".section .custom_section.wasmctl.config.";
  line.append(name).append(",\"\",@\n.ascii \"");
  append_escaped(line, text, [](char c) -> std::string_view {
    if (c == '"') return "\\\"";
    if (c == '\\') return "\\\\";
    if (c == '\n') return "\\n";
    return {};
  });
  return line + "\"\n";
}

template <class Config>
constexpr std::string sections() {
  return section("schema", json_schema<Config>()) + section("example", json_example<Config>()) +
         section("table", markdown_table<Config>());
}

// The same as bytes that outlive the computation. Of a size that is not known before, so that the
// compiler computes them once.
struct Bytes {
  static constexpr std::size_t kMost = 32768;
  std::array<char, kMost> text;
  std::size_t size;
};
template <class Config>
inline constexpr Bytes kSections = [] {
  const std::string text = sections<Config>();
  Bytes bytes{};
  std::copy_n(text.data(), text.size(), bytes.text.data());
  bytes.size = text.size();
  return bytes;
}();

}  // namespace schema
}  // namespace proxy_wasm

#if !defined(__wasm__)
#define PROXY_WASM_DESCRIBE(...) static_assert(true)
#else
#define PROXY_WASM_DESCRIBE(...)                                             \
  asm((std::string_view(::proxy_wasm::schema::kSections<__VA_ARGS__>.text.data(), \
                        ::proxy_wasm::schema::kSections<__VA_ARGS__>.size)))
#endif
