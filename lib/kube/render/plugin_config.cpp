#include "kube/render/plugin_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "plugin/config_schema.hpp"
#include "yaml/json.hpp"
#include "yaml/read.hpp"
#include "yaml/write.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::json;

Error refuse(std::string_view flag, std::string_view assignment, std::string_view why) {
  return Error(Code::usage, fmt::format("{}: {} in `{}`", flag, why, assignment));
}

// A word of the command line: what stands before the first `=`, and after it.
struct Assignment {
  std::string_view flag;
  std::string_view whole;
  std::string_view path;
  std::string_view value;

  Error refuse(std::string_view why) const { return kube::refuse(flag, whole, why); }
};

Assignment split(std::string_view flag, std::string_view whole) {
  const auto equals = whole.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    throw refuse(flag, whole, "there is no KEY=VALUE");
  }
  return {flag, whole, whole.substr(0, equals), whole.substr(equals + 1)};
}

// `--set 'KEY=["a","b"]'`, as the shell wants it.
std::string list_hint(std::string_view key, const std::vector<std::string>& items) {
  return fmt::format("a list is written as JSON: `--set '{}={}'`", key, json(items).dump());
}

// What Helm would read as a place in a list, or as a key in quotes.
Error refuse_sign(const Assignment& assignment, char sign) {
  auto error = assignment.refuse(fmt::format("a key has a `{}`", sign));
  const auto path = assignment.path;
  if (sign == '[') {
    return error.hint(list_hint(path.substr(0, path.find('[')), {std::string(assignment.value)}));
  }
  std::string plain;
  for (const char c : path) {
    if (c == '.') plain += '\\';
    if (std::string_view("\"'{}[]").find(c) == std::string_view::npos) plain += c;
  }
  return error.hint(fmt::format("a dot in a key is written `\\.`: `{} '{}={}'`", assignment.flag,
                                plain, assignment.value));
}

std::vector<std::string> split_path(const Assignment& assignment) {
  constexpr std::string_view kSigns = "[]{}\"'";
  const auto path = assignment.path;
  std::vector<std::string> keys(1);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' && i + 1 < path.size()) {
      keys.back() += path[++i];
    } else if (path[i] == '.') {
      keys.emplace_back();
    } else if (kSigns.find(path[i]) != std::string_view::npos) {
      throw refuse_sign(assignment, path[i]);
    } else {
      keys.back() += path[i];
    }
  }
  return keys;
}

void require_utf8(const Assignment& assignment) {
  try {
    (void)yaml::quote(assignment.whole);
  } catch (const Error& error) {
    throw Error(Code::usage, fmt::format("{}: {}", assignment.flag, error.message()));
  }
}

// Of "north,floor=2" the part that Helm would take for a second assignment; else empty.
std::string_view second_assignment(std::string_view value) {
  const auto is_key = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  for (auto comma = value.find(','); comma < value.size(); comma = value.find(',', comma + 1)) {
    const auto rest = value.substr(comma + 1);
    const auto end =
        static_cast<std::size_t>(std::ranges::find_if_not(rest, is_key) - rest.begin());
    if (end > 0 && end < rest.size() && rest[end] == '=') return rest;
  }
  return {};
}

// Helm's `{a,b}`, or YAML's `[a, b]`, cut at the commas.
std::vector<std::string> items_of(std::string_view list) {
  std::vector<std::string> items;
  auto rest = list.substr(1, list.size() - 2);
  while (!rest.empty()) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const auto comma = std::min(rest.find(','), rest.size());
    items.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return items;
}

json read_json(const Assignment& assignment) {
  const auto value = assignment.value;
  try {
    return yaml::read_json(value, std::string(assignment.flag));
  } catch (const Error& error) {
    auto refused = assignment.refuse("the value is no JSON").because(error.message());
    const bool is_list = value.find_first_of("\":") == std::string_view::npos;
    if (is_list) refused.hint(list_hint(assignment.path, items_of(value)));
    throw refused.hint(fmt::format("for a text: `--set-string '{}'`", assignment.whole));
  }
}

// Go's encoding/json, which Istio marshals a Struct with.
std::string escape_html(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto separator = std::string_view(text).substr(i, 3);
    if (text[i] == '<' || text[i] == '>' || text[i] == '&') {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(text[i]));
    } else if (separator == "\u2028" || separator == "\u2029") {
      out += separator == "\u2028" ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// A protobuf Struct has doubles only; whole ones are printed without a dot up to 1e21.
std::string print_number(double value) {
  constexpr double kSmallestPlain = 1e-6;
  constexpr double kLargestPlain = 1e21;
  const double size = std::fabs(value);
  const bool plain = value == 0 || (size >= kSmallestPlain && size < kLargestPlain);
  std::string text(400, '\0');
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value,
                    plain ? std::chars_format::fixed : std::chars_format::scientific);
  text.resize(static_cast<std::size_t>(end - text.data()));
  // Go writes e-7, not e-07.
  if (!plain && text.size() > 4 && text[text.size() - 4] == 'e' && text[text.size() - 2] == '0') {
    text.erase(text.size() - 2, 1);
  }
  return error == std::errc() ? text : "0";
}

// The number, if that is how it would be printed for the plugin: 2.30 and 00451 are none.
std::optional<json> read_number(std::string_view text) {
  const auto value = json::parse(text, nullptr, false);
  const bool same = value.is_number_integer() ? value.dump() == text
                                              : value.is_number() && print_number(value) == text;
  return same ? std::optional(value) : std::nullopt;
}

// JSON as it stands; all else is a text.
json read_value(const Assignment& assignment) {
  const auto text = assignment.value;
  if (text.empty()) return "";
  if (text == "true") return true;
  if (text == "false") return false;
  if (text == "null") return nullptr;
  const auto encloses = [&](char first, char last) {
    return text.size() > 1 && text.front() == first && text.back() == last;
  };
  if (encloses('[', ']') || encloses('{', '}') || encloses('"', '"')) return read_json(assignment);
  if (auto number = read_number(text)) return std::move(*number);
  return std::string(text);
}

std::string deliver(const json& value) {
  std::string text;
  switch (value.type()) {
    case json::value_t::object:
      for (const auto& [key, child] : value.items()) {
        text += (text.empty() ? "" : ",") + escape_html(json(key).dump()) + ':' + deliver(child);
      }
      return '{' + text + '}';
    case json::value_t::array:
      for (const auto& item : value) text += (text.empty() ? "" : ",") + deliver(item);
      return '[' + text + ']';
    case json::value_t::string:
      return escape_html(value.dump());
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
    case json::value_t::number_float:
      return print_number(value.get<double>());
    default:
      return value.dump();
  }
}

// Casts back from where it would be undefined are none.
constexpr double kBeyondInt64 = 0x1p63;

}  // namespace

bool is_exact(std::int64_t number) {
  const auto nearest = static_cast<double>(number);
  return nearest < kBeyondInt64 && static_cast<std::int64_t>(nearest) == number;
}

json read_config(std::string_view text, const std::string& name) {
  auto config = name.ends_with(".json")
                    ? yaml::read_json(text, name)
                    : yaml::to_json(yaml::read_one(text, name).root, name, yaml::Keys::as_written);
  if (config.is_null()) return json::object();
  if (!config.is_object()) {
    throw Error(Code::bad_input, fmt::format("{}: a config is a mapping, not {}", name,
                                             config.is_array() ? "a list" : "a single value"));
  }
  return config;
}

void set_value(json& config, std::string_view assignment, SetAs as) {
  const auto given = split(as == SetAs::text ? "--set-string" : "--set", assignment);
  const auto path = split_path(given);
  if (path.size() > yaml::kMaxDepth) throw given.refuse("the path is too deep");
  require_utf8(given);
  auto* place = &config;
  for (const auto& key : path) {
    if (key.empty()) throw given.refuse("a key is empty");
    if (place->is_null()) *place = json::object();
    if (!place->is_object()) {
      throw given.refuse(fmt::format("`{}` would be set within {}", key, place->dump()));
    }
    place = &(*place)[key];
  }
  *place = as == SetAs::text ? json(given.value) : read_value(given);
}

std::optional<std::string> doubt_about(std::string_view assignment) {
  const auto given = split("--set", assignment);
  const auto path = split_path(given);
  if (path.size() > 1 && path.back() == "0") {
    return fmt::format(
        "`{}` sets a key `0`; {}", given.path,
        list_hint(given.path.substr(0, given.path.rfind('.')), {std::string(given.value)}));
  }
  const auto second = second_assignment(given.value);
  if (second.empty()) return std::nullopt;
  return fmt::format("`{}` is part of the value of `{}`: each value has a --set of its own", second,
                     given.path);
}

std::string delivered_config(const json& config) {
  return config.empty() ? "" : deliver(config);
}

void require_config(const Settings& settings, const json& schema, const std::string& plugin,
                    const std::string& schema_name) {
  const auto* const config = settings.find("config");
  const auto violations =
      plugin::violations_of(config == nullptr ? json::object() : *config, schema, schema_name);
  if (violations.empty()) return;
  Error error(Code::bad_input,
              fmt::format("the config of {} does not fit {}", plugin, schema_name));
  for (const auto& violation : violations) error.because(to_string(violation));
  throw error;
}

}  // namespace wasmctl::kube
