// A plugin's configuration, described once: as a struct whose fields have a name and a text.
//
//     struct Config {
//       std::string header = "x-api-key";
//       std::vector<std::string> keys;
//
//       static constexpr auto fields() {
//         using proxy_wasm::field, proxy_wasm::required;
//         return std::tuple{field("header", &Config::header, "The header that carries the key."),
//                           required("keys", &Config::keys, "The keys that are let in.")};
//       }
//     };
//
//     bool onConfigure(size_t size) override { return proxy_wasm::configure(size, config_); }
//
// From it come the reader in the module and, beside the module, the JSON Schema, an example and the
// table of the README (proxy_wasm_schema.h). The texts are not in the module.
//
// Types of fields: bool, integers, std::string, enumerations (see kChoices), vectors of these, a
// list of pairs of strings (a JSON object), structs with fields of their own, and a TokenList: names
// that stay where they were read, for which there is PluginConfig. Keys hold no escapes.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "proxy_wasm_enums.h"
#include "proxy_wasm_json.h"

namespace proxy_wasm {

template <class Struct, class Member>
struct Field {
  const char* name;
  Member Struct::* member;
  const char* text;
  bool required;
};

// A field that keeps its initial value if the configuration lacks it.
template <class Struct, class Member>
constexpr Field<Struct, Member> field(const char* name, Member Struct::* member, const char* text) {
  return {name, member, text, false};
}
// A field without which the configuration is refused.
template <class Struct, class Member>
constexpr Field<Struct, Member> required(const char* name, Member Struct::* member,
                                         const char* text) {
  return {name, member, text, true};
}

// The words of an enumeration, in the order of its values from 0 on:
//     template <>
//     inline constexpr char proxy_wasm::kChoices<Mode>[] = "must be one of allow, deny";
template <class Enum>
inline constexpr char kChoices[] = "";
template <>
inline constexpr char kChoices<LogLevel>[] =
    "must be one of trace, debug, info, warn, error, critical";

template <class T, class = void>
inline constexpr bool has_fields = false;
template <class T>
inline constexpr bool has_fields<T, std::void_t<decltype(T::fields())>> = true;

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

using StringPairs = std::vector<std::pair<std::string, std::string>>;

template <class T>
bool read_value(JsonReader& json, T& value);

// Reads a member's value into the field of that name; false if there is none.
template <class Struct, class Member>
bool read_field(JsonReader& json, const Field<Struct, Member>& field, Struct& object) {
  if (!json.key_is(field.name)) return false;
  read_value(json, object.*field.member);
  return true;
}

template <class Struct>
bool read_struct(JsonReader& json, Struct& object) {
  constexpr auto fields = Struct::fields();
  constexpr size_t kCount = std::tuple_size_v<decltype(fields)>;
  static_assert(kCount <= 32);
  uint32_t missing = std::apply(
      [](const auto&... field) {
        uint32_t bit = 1, bits = 0;
        ((bits |= field.required ? bit : 0, bit <<= 1), ...);
        return bits;
      },
      fields);
  json.object();
  while (json.member()) {
    uint32_t bit = 1;
    const bool known = std::apply(
        [&](const auto&... field) {
          return ((read_field(json, field, object) || (bit <<= 1, false)) || ...);
        },
        fields);
    if (!known) json.fail("is not a known key");
    missing &= ~bit;
  }
  // In the order of the fields, so that the first one is named.
  uint32_t bit = 1;
  std::apply(
      [&](const auto&... field) {
        ((missing & bit ? json.fail("must be given", field.name) : true, bit <<= 1), ...);
      },
      fields);
  return json.error() == nullptr;
}

template <class T>
bool read_integer(JsonReader& json, T& value) {
  int64_t number = 0;
  if (!json.integer(number)) return false;
  using Limits = std::numeric_limits<T>;
  if (std::is_unsigned_v<T> && number < 0) return json.fail("must not be negative");
  if (sizeof(T) < sizeof number && (number < static_cast<int64_t>(Limits::min()) ||
                                    number > static_cast<int64_t>(Limits::max()))) {
    return json.fail("is too large");
  }
  value = static_cast<T>(number);
  return true;
}

inline bool read_pairs(JsonReader& json, StringPairs& pairs) {
  pairs.clear();
  std::string_view value;
  json.object();
  while (json.member()) {
    const std::string_view name = json.key();
    if (json.string(value)) pairs.emplace_back(name, value);
  }
  return json.error() == nullptr;
}

template <class T>
bool read_value(JsonReader& json, T& value) {
  if constexpr (has_fields<T>) {
    return read_struct(json, value);
  } else if constexpr (std::is_same_v<T, StringPairs>) {
    return read_pairs(json, value);
  } else if constexpr (std::is_same_v<T, TokenList>) {
    return json.tokens(value);
  } else if constexpr (is_vector<T>) {
    value.clear();
    json.array();
    while (json.element()) read_value(json, value.emplace_back());
    return json.error() == nullptr;
  } else if constexpr (std::is_same_v<T, std::string>) {
    std::string_view text;
    if (json.string(text)) value = text;
    return json.error() == nullptr;
  } else if constexpr (std::is_same_v<T, bool>) {
    return json.boolean(value);
  } else if constexpr (std::is_enum_v<T>) {
    static_assert(sizeof kChoices<T> > 1, "which words? Define proxy_wasm::kChoices for this type");
    int number = 0;
    if (!json.choice(kChoices<T>, number)) return false;
    value = static_cast<T>(number);
    return true;
  } else {
    static_assert(std::is_integral_v<T>, "a configuration has no fields of this type");
    return read_integer(json, value);
  }
}

// Reads a whole configuration. No text at all is an empty object, as hosts leave that out. The text
// is changed where escapes are decoded. If it is refused, `json` knows the key and the error.
template <class Config>
bool read_config(JsonReader& json, Config& config) {
  return read_struct(json, config) && json.finish();
}

}  // namespace proxy_wasm

#ifdef __wasm__
#include "proxy_wasm_log.h"
#include "proxy_wasm_views.h"

namespace proxy_wasm {

// Reads the plugin's configuration of `size` bytes. If it does not fit, logs which key is wrong, leaves
// `config` as it was, and returns false. The TokenLists of `config` point into `text`.
template <class Config>
bool configure(size_t size, Config& config, HostBytes& text) {
  HostBytes bytes = buffer(WasmBufferType::PluginConfiguration, 0, size);
  // Nothing is decoded in an empty object, so nothing is written to it.
  JsonReader json = bytes.size() == 0 ? JsonReader(const_cast<char*>("{}"), 2)
                                      : JsonReader(bytes.data(), bytes.size());
  Config fresh;
  if (read_config(json, fresh)) {
    config = std::move(fresh);
    text = std::move(bytes);
    return true;
  }
  log_problem(json.key(), json.error());
  return false;
}

// For onConfigure, where there is no TokenList.
template <class Config>
bool configure(size_t size, Config& config) {
  HostBytes text;
  return configure(size, config, text);
}

// A configuration, and the text that its TokenLists point into.
template <class Config>
class PluginConfig {
 public:
  // For onConfigure: as configure().
  bool read(size_t size) { return configure(size, config_, text_); }

  const Config& operator*() const { return config_; }
  const Config* operator->() const { return &config_; }

 private:
  Config config_;
  HostBytes text_;
};

}  // namespace proxy_wasm
#endif
