#include "yaml/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "yaml/read.hpp"
#include "yaml/scalar.hpp"

namespace wasmctl::yaml {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

Scalar value_at(const Node& node, const std::string& name) {
  try {
    return value_of(node);
  } catch (const Error& error) {
    throw error_at(name, node.start, error.message());
  }
}

// Bytes of a !!binary that are no UTF-8 become U+FFFD, as in Go's encoder.
json as_utf8(const std::string& text) {
  const json value = text;
  const auto written = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return json::parse(written);
}

json scalar_to_json(const Node& node, const std::string& name) {
  const auto value = value_at(node, name);
  if (const auto* number = std::get_if<double>(&value);
      number != nullptr && !std::isfinite(*number)) {
    throw error_at(name, node.start, fmt::format("JSON has no number `{}`", node.text));
  }
  const auto* const text = std::get_if<std::string>(&value);
  if (text != nullptr && !node.tag.empty()) return as_utf8(*text);
  return std::visit(
      [](const auto& held) -> json {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>) {
          return nullptr;
        } else {
          return held;
        }
      },
      value);
}

std::string key_to_string(const Node& key, const std::string& name, Keys keys) {
  if (keys == Keys::as_written) return key.text;
  const auto value = scalar_to_json(key, name);
  if (value.is_null()) throw error_at(name, key.start, "null as a key");
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// `<<: *a` or `<<: [*a, *b]`: keys that are not there yet. The first that has a key wins.
void merge(json& object, const Node& value, const std::string& name, Keys keys) {
  if (value.kind == Kind::sequence) {
    for (const auto& item : value.items) merge(object, item, name, keys);
    return;
  }
  if (value.kind != Kind::mapping) {
    throw error_at(name, value.start,
                   fmt::format("`<<` merges mappings; this is {}", describe(value)));
  }
  const auto merged = to_json(value, name, keys);
  for (const auto& [key, child] : merged.items()) object.emplace(key, child);
}

json mapping_to_json(const Node& node, const std::string& name, Keys keys) {
  json object = json::object();
  for (const auto& [key, value] : node.entries) {
    if (is_merge(key)) continue;
    const auto text = key_to_string(key, name, keys);
    if (!object.emplace(text, to_json(value, name, keys)).second) {
      throw error_at(name, key.start, fmt::format("key `{}` is set twice", text));
    }
  }
  for (const auto& [key, value] : node.entries) {
    if (is_merge(key)) merge(object, value, name, keys);
  }
  return object;
}

// The place of a byte, counted from 1 as nlohmann counts.
Mark mark_at(std::string_view text, std::size_t byte) {
  const auto before = text.substr(0, std::min(text.size(), byte == 0 ? 0 : byte - 1));
  Mark mark;
  mark.line += static_cast<std::uint32_t>(std::ranges::count(before, '\n'));
  mark.column += static_cast<std::uint32_t>(before.size() - (before.rfind('\n') + 1));
  mark.offset = static_cast<std::uint32_t>(before.size());
  return mark;
}

// Refuses what the parser itself lets pass; without a place, since it is told of none. What is no
// JSON is left to the parser. (Not a callback of it: with one it goes through a list again after
// each object in it. Source: nlohmann/json, json_sax_dom_callback_parser::end_object.)
class JsonBounds {
 public:
  explicit JsonBounds(const std::string& name) : name_(name) {}

  bool start_object(std::size_t) {
    keys_.emplace_back();
    return enter();
  }
  bool end_object() {
    keys_.pop_back();
    return leave();
  }
  bool key(std::string& key) {
    if (keys_.back().insert(key).second) return true;
    throw Error(Code::bad_input, fmt::format("{}: key `{}` is set twice", name_, key));
  }
  bool start_array(std::size_t) { return enter(); }
  bool end_array() { return leave(); }

  bool null() { return value(); }
  bool boolean(bool) { return value(); }
  bool number_integer(json::number_integer_t) { return value(); }
  bool number_unsigned(json::number_unsigned_t) { return value(); }
  bool number_float(json::number_float_t, const std::string&) { return value(); }
  bool string(std::string&) { return value(); }
  bool binary(json::binary_t&) { return value(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) {
    return false;
  }

 private:
  // Of what is in the lists and objects that are open.
  bool value() const {
    if (depth_ < kMaxDepth) return true;
    throw Error(Code::bad_input,
                fmt::format("{}: nested more than {} levels deep", name_, kMaxDepth));
  }
  bool enter() {
    value();
    ++depth_;
    return true;
  }
  bool leave() {
    --depth_;
    return true;
  }

  const std::string& name_;
  int depth_ = 0;
  std::vector<std::set<std::string>> keys_;  // of each object that is open
};

template <typename Json>
Json read_bounded(std::string_view text, const std::string& name) {
  JsonBounds bounds(name);
  try {
    json::sax_parse(text, &bounds);
    return Json::parse(text);
  } catch (const json::parse_error& error) {
    std::string why = error.what();  // "[json.exception.parse_error.101] parse error at ...: why"
    why.erase(0, why.find(": ") == std::string::npos ? 0 : why.find(": ") + 2);
    throw error_at(name, mark_at(text, error.byte), why);
  } catch (const json::out_of_range&) {  // it has no place, and may quote a million digits
    throw Error(Code::bad_input, fmt::format("{}: a number is larger than a double can be", name));
  }
}

}  // namespace

json read_json(std::string_view text, const std::string& name) {
  return read_bounded<json>(text, name);
}

ordered_json read_ordered_json(std::string_view text, const std::string& name) {
  return read_bounded<ordered_json>(text, name);
}

json to_json(const Node& node, const std::string& name, Keys keys) {
  switch (node.kind) {
    case Kind::mapping:
      return mapping_to_json(node, name, keys);
    case Kind::sequence: {
      json list = json::array();
      for (const auto& item : node.items) list.push_back(to_json(item, name, keys));
      return list;
    }
    case Kind::scalar:
      break;
  }
  return scalar_to_json(node, name);
}

}  // namespace wasmctl::yaml
