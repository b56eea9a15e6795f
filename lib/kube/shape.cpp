#include "kube/shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/suggest.hpp"
#include "kube/names.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::json;

class ShapeCheck {
 public:
  std::vector<ShapeViolation> run(const json& value, const Shape& shape) {
    check(value, shape);
    return std::move(found_);
  }

 private:
  void check(const json& value, const Shape& shape) {
    if (value.is_null() && shape.nullable) return;
    switch (shape.type) {
      case ShapeType::anything:
        return;
      case ShapeType::text:
        return check_text(value, shape);
      case ShapeType::choice:
        return check_choice(value, shape);
      case ShapeType::boolean:
        expect(value, value.is_boolean(), "true or false");
        return;
      case ShapeType::integer:
        return check_integer(value, shape);
      case ShapeType::object:
        expect(value, value.is_object(), "a mapping");
        return;
      case ShapeType::labels:
        return check_labels(value);
      case ShapeType::mapping:
        return check_mapping(value, shape);
      case ShapeType::list:
        return check_list(value, shape);
    }
  }

  void check_text(const json& value, const Shape& shape) {
    if (!expect(value, value.is_string(), "a string")) return;
    const auto& text = value.get_ref<const std::string&>();
    const auto size = static_cast<std::int64_t>(text.size());
    if (size < shape.min) return add("must not be empty");
    if (size > shape.max) {
      return add(fmt::format("has {} bytes; at most {} are allowed", size, shape.max));
    }
    if (shape.judge == nullptr) return;
    if (const auto why = shape.judge(text)) add(*why);
  }

  void check_choice(const json& value, const Shape& shape) {
    if (!expect(value, value.is_string(), "a string")) return;
    const auto& word = value.get_ref<const std::string&>();
    if (std::ranges::find(shape.choices, word) != shape.choices.end()) return;
    add(fmt::format("cannot be `{}`", word), base::suggest(word, shape.choices));
  }

  void check_integer(const json& value, const Shape& shape) {
    const bool whole =
        value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>();
    if (value.is_number_float() && !whole) {
      return add(fmt::format("must be a whole number, not {}", value.dump()));
    }
    if (!expect(value, value.is_number(), "a whole number")) return;
    // Beyond 2^53 a double is not exact, but beyond every bound of ours, too.
    const auto number = value.get<double>();
    if (number < static_cast<double>(shape.min) || number > static_cast<double>(shape.max)) {
      add(fmt::format("must be from {} to {}, not {}", shape.min, shape.max, value.dump()));
    }
  }

  void check_labels(const json& value) {
    if (!expect(value, value.is_object(), "a mapping")) return;
    for (const auto& [key, label] : value.items()) {
      if (const auto why = refuse_label_key(key)) {
        add(fmt::format("has a wrong key: {}", *why));
        continue;
      }
      path_.emplace_back(key);
      if (expect(label, label.is_string(), "a string")) {
        if (const auto why = refuse_label_value(label.get_ref<const std::string&>())) {
          add(fmt::format("has a wrong value: {}", *why));
        }
      }
      path_.pop_back();
    }
  }

  void check_mapping(const json& value, const Shape& shape) {
    if (!expect(value, value.is_object(), "a mapping")) return;
    for (const auto& [key, child] : value.items()) {
      const auto field = std::ranges::find(shape.fields, std::string_view(key), &Shape::key);
      if (field == shape.fields.end()) {
        std::vector<std::string_view> known;
        for (const auto& row : shape.fields) known.push_back(row.key);
        add(fmt::format("has no field `{}`", key), base::suggest(key, known));
        found_.back().key = key;
        continue;
      }
      path_.emplace_back(key);
      check(child, *field);
      path_.pop_back();
    }
    for (const auto& field : shape.fields) {
      if (field.required && !value.contains(field.key)) add(fmt::format("needs `{}`", field.key));
    }
  }

  void check_list(const json& value, const Shape& shape) {
    if (!expect(value, value.is_array(), "a list")) return;
    const auto size = static_cast<std::int64_t>(value.size());
    if (size < shape.min) return add("must not be empty");
    if (size > shape.max) {
      return add(fmt::format("has {} items; at most {} are allowed", size, shape.max));
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
      path_.emplace_back(i);
      check(value[i], shape.fields.front());
      path_.pop_back();
    }
  }

  bool expect(const json& value, bool fits, std::string_view form) {
    if (!fits) add(fmt::format("must be {}, not {}", form, describe(value)));
    return fits;
  }

  void add(std::string rule, std::string hint = "") {
    found_.push_back({path_, std::move(rule), std::move(hint), {}});
  }

  yaml::Path path_;
  std::vector<ShapeViolation> found_;
};

}  // namespace

std::vector<ShapeViolation> violations_of(const json& value, const Shape& shape) {
  return ShapeCheck().run(value, shape);
}

std::string_view describe(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "nothing";
    case json::value_t::boolean:
      return "a boolean";
    case json::value_t::string:
      return "a string";
    case json::value_t::array:
      return "a list";
    case json::value_t::object:
      return "a mapping";
    default:
      return "a number";
  }
}

}  // namespace wasmctl::kube
