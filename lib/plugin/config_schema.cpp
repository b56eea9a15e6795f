#include "plugin/config_schema.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/limits.hpp"
#include "base/suggest.hpp"
#include "yaml/json.hpp"

namespace wasmctl::plugin {

namespace {

using nlohmann::json;

constexpr int kMaxDepth = 64;
constexpr int kMaxSteps = 1'000'000;  // nested anyOf over references can grow beyond all measure

Error broken(std::string_view why) {
  return Error(Code::bad_input, fmt::format("the schema {}", why));
}

// One value against one schema, at one place.
struct Step {
  const json& value;
  const json& schema;
  yaml::Path path;
  int depth;

  Step child(const std::string& key, const json& rules) const {
    return {value.at(key), rules, with(key), depth + 1};
  }
  Step item(std::size_t index, const json& rules) const {
    return {value.at(index), rules, with(index), depth + 1};
  }
  Step same(const json& rules) const { return {value, rules, path, depth + 1}; }

 private:
  yaml::Path with(yaml::Step step) const {
    auto longer = path;
    longer.push_back(std::move(step));
    return longer;
  }
};

class Checker {
 public:
  explicit Checker(const json& root) : root_(root) {}

  void check(const Step& step);
  void add(const Step& step, std::string rule) { found_.push_back({step.path, std::move(rule)}); }
  // The violations of a trial, which are not those of the config.
  std::vector<Violation> trial(const Step& step) {
    std::vector<Violation> found;
    found.swap(found_);
    check(step);
    found.swap(found_);
    return found;
  }
  const json& resolve(const std::string& reference) const;
  std::vector<Violation> take() { return std::move(found_); }

 private:
  const json& root_;
  std::vector<Violation> found_;
  int steps_ = 0;
};

// ---- keywords: `rule` is the keyword's value ---------------------------------------------------

void require(bool fits, std::string_view keyword, std::string_view form) {
  if (!fits) throw broken(fmt::format("has `{}` that is not {}", keyword, form));
}

std::size_t read_count(const json& rule, std::string_view keyword) {
  require(rule.is_number_unsigned(), keyword, "a whole number");
  return rule.get<std::size_t>();
}

bool is_of_type(const json& value, const std::string& type) {
  if (type == "integer") {
    if (value.is_number_float()) return std::trunc(value.get<double>()) == value.get<double>();
    return value.is_number_integer();
  }
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  throw broken(fmt::format("knows a type `{}` that JSON Schema does not", type));
}

std::string join(const json& list, const char* between) {
  std::string text;
  for (const auto& item : list) {
    if (!text.empty()) text += between;
    text += item.is_string() ? item.get<std::string>() : item.dump();
  }
  return text;
}

void check_type(Checker& checker, const Step& step, const json& rule) {
  const json types = rule.is_array() ? rule : json::array({rule});
  for (const auto& type : types) {
    require(type.is_string(), "type", "a string or a list of strings");
    if (is_of_type(step.value, type.get_ref<const std::string&>())) return;
  }
  checker.add(step,
              fmt::format("must be of type {}, not {}", join(types, " or "), step.value.dump()));
}

void check_enum(Checker& checker, const Step& step, const json& rule) {
  require(rule.is_array(), "enum", "a list");
  if (std::ranges::find(rule, step.value) != rule.end()) return;
  checker.add(step, fmt::format("must be one of {}, not {}", join(rule, ", "), step.value.dump()));
}

void check_const(Checker& checker, const Step& step, const json& rule) {
  if (step.value == rule) return;
  checker.add(step, fmt::format("must be {}, not {}", rule.dump(), step.value.dump()));
}

bool matches(const std::string& text, const std::string& pattern) {
  const RE2::Options options(RE2::Quiet);
  const RE2 expression(pattern, options);
  if (!expression.ok()) {
    throw broken(fmt::format("has the pattern `{}`: {}", pattern, expression.error()));
  }
  return RE2::PartialMatch(text, expression);
}

void check_pattern(Checker& checker, const Step& step, const json& rule) {
  require(rule.is_string(), "pattern", "a string");
  if (!step.value.is_string()) return;
  const auto& pattern = rule.get_ref<const std::string&>();
  if (matches(step.value.get_ref<const std::string&>(), pattern)) return;
  checker.add(step, fmt::format("must match `{}`, not be {}", pattern, step.value.dump()));
}

std::size_t count_code_points(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// The size that minLength, minItems and minProperties compare; null where they do not apply.
struct Size {
  std::string_view keyword;
  std::string_view unit;
  bool is_minimum;
};

constexpr Size kSizes[] = {
    {"minLength", "characters", true}, {"maxLength", "characters", false},
    {"minItems", "items", true},       {"maxItems", "items", false},
    {"minProperties", "keys", true},   {"maxProperties", "keys", false},
};

void check_size(Checker& checker, const Step& step, const json& rule, std::string_view keyword) {
  const auto& row = *std::ranges::find(kSizes, keyword, &Size::keyword);
  const auto limit = read_count(rule, keyword);
  const bool applies = (row.unit == "characters" && step.value.is_string()) ||
                       (row.unit == "items" && step.value.is_array()) ||
                       (row.unit == "keys" && step.value.is_object());
  if (!applies) return;
  const auto size = step.value.is_string()
                        ? count_code_points(step.value.get_ref<const std::string&>())
                        : step.value.size();
  if (row.is_minimum ? size >= limit : size <= limit) return;
  checker.add(step, fmt::format("must have at {} {} {}, not {}", row.is_minimum ? "least" : "most",
                                limit, row.unit, size));
}

struct Bound {
  std::string_view keyword;
  std::string_view words;
  bool (*fits)(double value, double limit);
};

constexpr Bound kBounds[] = {
    {"minimum", "at least", [](double value, double limit) { return value >= limit; }},
    {"maximum", "at most", [](double value, double limit) { return value <= limit; }},
    {"exclusiveMinimum", "above", [](double value, double limit) { return value > limit; }},
    {"exclusiveMaximum", "below", [](double value, double limit) { return value < limit; }},
    {"multipleOf", "a multiple of",
     [](double value, double limit) { return std::fmod(value, limit) == 0; }},
};

void check_bound(Checker& checker, const Step& step, const json& rule, std::string_view keyword) {
  const auto& row = *std::ranges::find(kBounds, keyword, &Bound::keyword);
  require(rule.is_number() && (keyword != "multipleOf" || rule.get<double>() > 0), keyword,
          keyword == "multipleOf" ? "a number above 0" : "a number");
  if (!step.value.is_number() || row.fits(step.value.get<double>(), rule.get<double>())) return;
  checker.add(step,
              fmt::format("must be {} {}, not {}", row.words, rule.dump(), step.value.dump()));
}

void check_required(Checker& checker, const Step& step, const json& rule) {
  require(rule.is_array(), "required", "a list");
  if (!step.value.is_object()) return;
  for (const auto& key : rule) {
    require(key.is_string(), "required", "a list of strings");
    if (!step.value.contains(key.get_ref<const std::string&>())) {
      checker.add(step, fmt::format("must have `{}`", key.get_ref<const std::string&>()));
    }
  }
}

// True if a keyword beside additionalProperties speaks of the key.
bool is_declared(const json& schema, const std::string& key) {
  if (schema.contains("properties") && schema["properties"].contains(key)) return true;
  if (!schema.contains("patternProperties")) return false;
  return std::ranges::any_of(schema["patternProperties"].items(),
                             [&](const auto& entry) { return matches(key, entry.key()); });
}

std::string unknown_key(const json& schema, const std::string& key) {
  std::vector<std::string_view> known;
  std::string all;
  const auto declared = schema.value("properties", json::object());
  for (const auto& [name, rules] : declared.items()) {
    known.emplace_back(name);
    all += (all.empty() ? "" : ", ") + name;
  }
  const auto guess = base::nearest(key, known);
  if (!guess.empty()) return fmt::format("is unknown: did you mean `{}`?", guess);
  return all.empty() ? "is unknown" : fmt::format("is unknown: the keys are {}", all);
}

void check_properties(Checker& checker, const Step& step, const json& rule) {
  require(rule.is_object(), "properties", "an object");
  if (!step.value.is_object()) return;
  for (const auto& [key, rules] : rule.items()) {
    if (step.value.contains(key)) checker.check(step.child(key, rules));
  }
}

void check_pattern_properties(Checker& checker, const Step& step, const json& rule) {
  require(rule.is_object(), "patternProperties", "an object");
  if (!step.value.is_object()) return;
  for (const auto& [pattern, rules] : rule.items()) {
    for (const auto& [key, value] : step.value.items()) {
      if (matches(key, pattern)) checker.check(step.child(key, rules));
    }
  }
}

void check_additional_properties(Checker& checker, const Step& step, const json& rule) {
  if (!step.value.is_object()) return;
  for (const auto& [key, value] : step.value.items()) {
    if (is_declared(step.schema, key)) continue;
    const auto child = step.child(key, rule);
    if (rule == false) {
      checker.add(child, unknown_key(step.schema, key));
    } else {
      checker.check(child);
    }
  }
}

void check_property_names(Checker& checker, const Step& step, const json& rule) {
  if (!step.value.is_object()) return;
  for (const auto& [key, value] : step.value.items()) {
    const json name = key;
    checker.check({name, rule, step.path, step.depth + 1});
  }
}

void check_prefix_items(Checker& checker, const Step& step, const json& rule) {
  require(rule.is_array(), "prefixItems", "a list");
  if (!step.value.is_array()) return;
  for (std::size_t i = 0; i < std::min(rule.size(), step.value.size()); ++i) {
    checker.check(step.item(i, rule[i]));
  }
}

void check_items(Checker& checker, const Step& step, const json& rule) {
  require(!rule.is_array(), "items", "one schema (draft 7's list is now `prefixItems`)");
  if (!step.value.is_array()) return;
  const auto first = step.schema.contains("prefixItems") ? step.schema["prefixItems"].size() : 0;
  for (std::size_t i = first; i < step.value.size(); ++i) checker.check(step.item(i, rule));
}

void check_unique_items(Checker& checker, const Step& step, const json& rule) {
  require(rule.is_boolean(), "uniqueItems", "a boolean");
  if (rule == false || !step.value.is_array()) return;
  std::set<json> seen;
  for (std::size_t i = 0; i < step.value.size(); ++i) {
    if (!seen.insert(step.value[i]).second) {
      checker.add(step.item(i, rule), fmt::format("is {} a second time", step.value[i].dump()));
    }
  }
}

void check_all_of(Checker& checker, const Step& step, const json& rule) {
  require(rule.is_array(), "allOf", "a list");
  for (const auto& rules : rule) checker.check(step.same(rules));
}

// Of the alternatives that do not fit, the one that came nearest is shown.
void check_any_of(Checker& checker, const Step& step, const json& rule) {
  require(rule.is_array() && !rule.empty(), "anyOf", "a list");
  std::vector<Violation> nearest_miss;
  for (const auto& rules : rule) {
    auto found = checker.trial(step.same(rules));
    if (found.empty()) return;
    if (nearest_miss.empty() || found.size() < nearest_miss.size()) nearest_miss = std::move(found);
  }
  checker.add(step,
              fmt::format("fits none of {} alternatives; nearest: {}{}{}", rule.size(),
                          yaml::to_string(nearest_miss.front().path),
                          nearest_miss.front().path.empty() ? "" : " ", nearest_miss.front().rule));
}

void check_one_of(Checker& checker, const Step& step, const json& rule) {
  check_any_of(checker, step, rule);
  const auto fitting = std::ranges::count_if(
      rule, [&](const json& rules) { return checker.trial(step.same(rules)).empty(); });
  if (fitting > 1) {
    checker.add(step, fmt::format("fits {} of the alternatives; it must fit one", fitting));
  }
}

void check_not(Checker& checker, const Step& step, const json& rule) {
  if (checker.trial(step.same(rule)).empty()) {
    checker.add(step, fmt::format("must not fit {}", rule.dump()));
  }
}

void check_if(Checker& checker, const Step& step, const json& rule) {
  const auto* const branch = checker.trial(step.same(rule)).empty() ? "then" : "else";
  if (step.schema.contains(branch)) checker.check(step.same(step.schema[branch]));
}

void check_ref(Checker& checker, const Step& step, const json& rule) {
  require(rule.is_string(), "$ref", "a string");
  checker.check(step.same(checker.resolve(rule.get_ref<const std::string&>())));
}

void describe_only(Checker&, const Step&, const json&) {}  // says nothing of what fits

void check_size_or_bound(Checker& checker, const Step& step, const json& rule,
                         std::string_view keyword) {
  if (std::ranges::find(kSizes, keyword, &Size::keyword) != std::end(kSizes)) {
    check_size(checker, step, rule, keyword);
  } else {
    check_bound(checker, step, rule, keyword);
  }
}

struct Keyword {
  std::string_view name;
  void (*check)(Checker&, const Step&, const json& rule);
};

constexpr Keyword kKeywords[] = {
    {"type", check_type},
    {"enum", check_enum},
    {"const", check_const},
    {"pattern", check_pattern},
    {"required", check_required},
    {"properties", check_properties},
    {"patternProperties", check_pattern_properties},
    {"additionalProperties", check_additional_properties},
    {"propertyNames", check_property_names},
    {"prefixItems", check_prefix_items},
    {"items", check_items},
    {"uniqueItems", check_unique_items},
    {"allOf", check_all_of},
    {"anyOf", check_any_of},
    {"oneOf", check_one_of},
    {"not", check_not},
    {"if", check_if},
    {"then", describe_only},
    {"else", describe_only},
    {"$ref", check_ref},
    {"$schema", describe_only},
    {"$id", describe_only},
    {"$comment", describe_only},
    {"$defs", describe_only},
    {"definitions", describe_only},
    {"title", describe_only},
    {"description", describe_only},
    {"default", describe_only},
    {"examples", describe_only},
    {"deprecated", describe_only},
    {"readOnly", describe_only},
    {"writeOnly", describe_only},
    {"format", describe_only},  // an annotation, unless a vocabulary is named
};

bool is_size_or_bound(std::string_view keyword) {
  return std::ranges::find(kSizes, keyword, &Size::keyword) != std::end(kSizes) ||
         std::ranges::find(kBounds, keyword, &Bound::keyword) != std::end(kBounds);
}

void Checker::check(const Step& step) {
  if (++steps_ > kMaxSteps || step.depth > kMaxDepth) {
    throw broken("refers to itself, or nests, without end");
  }
  if (step.schema == true) return;
  if (step.schema == false) return add(step, "is not allowed");
  if (!step.schema.is_object()) throw broken("is not an object");
  for (const auto& [name, rule] : step.schema.items()) {
    const auto* const keyword =
        std::ranges::find(kKeywords, std::string_view(name), &Keyword::name);
    if (keyword != std::end(kKeywords)) {
      keyword->check(*this, step, rule);
    } else if (is_size_or_bound(name)) {
      check_size_or_bound(*this, step, rule, name);
    } else {
      throw broken(fmt::format("has the keyword `{}`, which wasmctl does not check", name));
    }
  }
}

// `#` or `#/$defs/header`: within this schema only.
const json& Checker::resolve(const std::string& reference) const {
  const auto missing = broken(fmt::format("refers to `{}`, which is not in it", reference));
  if (!reference.starts_with('#')) throw missing;
  try {
    return root_.at(json::json_pointer(reference.substr(1)));
  } catch (const json::exception&) {  // no pointer, or to nothing
    throw missing;
  }
}

}  // namespace

std::optional<fs::path> schema_file(const Plugin& plugin) {
  const auto named = std::ranges::find(plugin.settings, "configSchema", &Setting::key);
  if (named != plugin.settings.end() && named->value->is_string()) {
    return plugin.directory / named->value->get<std::string>();
  }
  auto built = schema_path(plugin);
  if (fs::exists(built)) return built;
  return std::nullopt;
}

json read_schema(const fs::path& file) {
  return yaml::read_json(base::read_file(file, base::kMaxSchemaBytes), file.native());
}

std::string to_string(const Violation& violation) {
  return fmt::format("`{}` {}", violation.path.empty() ? "config" : yaml::to_string(violation.path),
                     violation.rule);
}

std::vector<Violation> violations_of(const json& config, const json& schema,
                                     const std::string& schema_name) {
  try {
    Checker checker(schema);
    checker.check({config, schema, {}, 1});
    return checker.take();
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", schema_name, error.message()));
  }
}

}  // namespace wasmctl::plugin
