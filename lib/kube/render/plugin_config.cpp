#include "kube/render/plugin_config.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.hpp"
#include "yaml/json.hpp"
#include "yaml/read.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::json;

Error refuse(std::string_view assignment, std::string_view why) {
  return Error(Code::usage, fmt::format("--set: {} in `{}`", why, assignment));
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> keys(1);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' && i + 1 < path.size()) {
      keys.back() += path[++i];
    } else if (path[i] == '.') {
      keys.emplace_back();
    } else {
      keys.back() += path[i];
    }
  }
  return keys;
}

json parse_value(std::string_view text) {
  if (text.empty()) return "";
  return yaml::to_json(yaml::read_one(text, "--set").root, "--set", yaml::Keys::as_written);
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

bool is_exact(const json& number) {
  if (number.is_number_unsigned()) {
    const auto nearest = number.get<double>();
    return nearest < 2 * kBeyondInt64 && static_cast<std::uint64_t>(nearest) == number;
  }
  return !number.is_number_integer() || kube::is_exact(number.get<std::int64_t>());
}

void find_inexact(const json& value, const std::string& path, std::vector<std::string>& found) {
  if (value.is_number() && !is_exact(value)) {
    found.push_back(fmt::format("{}: {}", path, value.dump()));
  }
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      find_inexact(value[i], fmt::format("{}[{}]", path, i), found);
    }
  }
  if (!value.is_object()) return;
  for (const auto& [key, child] : value.items()) {
    find_inexact(child, path.empty() ? key : fmt::format("{}.{}", path, key), found);
  }
}

}  // namespace

bool is_exact(std::int64_t number) {
  const auto nearest = static_cast<double>(number);
  return nearest < kBeyondInt64 && static_cast<std::int64_t>(nearest) == number;
}

std::vector<std::string> inexact_numbers(const json& config) {
  std::vector<std::string> found;
  find_inexact(config, "", found);
  return found;
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

void set_value(json& config, std::string_view assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    throw refuse(assignment, "there is no KEY=VALUE");
  }
  const auto path = split_path(assignment.substr(0, equals));
  if (path.size() > yaml::kMaxDepth) throw refuse(assignment, "the path is too deep");
  auto* place = &config;
  for (const auto& key : path) {
    if (key.empty()) throw refuse(assignment, "a key is empty");
    if (place->is_null()) *place = json::object();
    if (!place->is_object()) {
      throw refuse(assignment, fmt::format("`{}` would be set within {}", key, place->dump()));
    }
    place = &(*place)[key];
  }
  try {
    *place = parse_value(assignment.substr(equals + 1));
  } catch (const Error& error) {
    throw refuse(assignment, "the value is no YAML").because(error.message());
  }
}

std::string delivered_config(const json& config) {
  return config.empty() ? "" : deliver(config);
}

}  // namespace wasmctl::kube
