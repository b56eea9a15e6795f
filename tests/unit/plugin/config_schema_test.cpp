#include "plugin/config_schema.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"

using nlohmann::json;
using wasmctl::Error;
namespace plugin = wasmctl::plugin;

namespace {

std::string violations(const std::string& config, const std::string& schema) {
  std::string text;
  try {
    for (const auto& [path, rule] :
         plugin::violations_of(json::parse(config), json::parse(schema), "s.json")) {
      text += (text.empty() ? "" : "; ") + wasmctl::yaml::to_string(path) + ": " + rule;
    }
  } catch (const Error& error) {
    return "error: " + error.message();
  }
  return text;
}

}  // namespace

TEST_CASE("a config is judged by its schema") {
  struct Case {
    const char* config;
    const char* schema;
    const char* want;
  };
  const Case cases[] = {
      {"{}", "true", ""},
      {"{}", "false", ": is not allowed"},
      {R"({"a": 1})", R"({"properties": {"a": {"type": "string"}}})",
       "a: must be of type string, not 1"},
      {R"({"a": 1.0})", R"({"properties": {"a": {"type": ["integer", "null"]}}})", ""},
      {R"({"a": 1.5})", R"({"properties": {"a": {"type": ["integer", "null"]}}})",
       "a: must be of type integer or null, not 1.5"},
      {R"({"log_level": "inf"})", R"({"properties": {"log_level": {"enum": ["info", "warn"]}}})",
       "log_level: must be one of info, warn, not \"inf\""},
      {R"({"a": 2})", R"({"properties": {"a": {"const": 3}}})", "a: must be 3, not 2"},
      {R"({"a": "xy"})", R"({"properties": {"a": {"pattern": "^[0-9]+$"}}})",
       "a: must match `^[0-9]+$`, not be \"xy\""},
      {R"({})", R"({"required": ["a", "b"]})", ": must have `a`; : must have `b`"},
      {R"({"heders": []})", R"({"properties": {"headers": true}, "additionalProperties": false})",
       "heders: is unknown: did you mean `headers`?"},
      {R"({"zzz": 1})", R"({"properties": {"headers": true}, "additionalProperties": false})",
       "zzz: is unknown: the keys are headers"},
      {R"({"x-a": 1, "b": 1})",
       R"({"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": {"minimum": 2}})",
       "b: must be at least 2, not 1; x-a: must be of type string, not 1"},
      {R"({"a": ["x", 1, "x"]})",
       R"({"properties": {"a": {"items": {"type": "string"}, "uniqueItems": true, "maxItems": 2}}})",
       "a[1]: must be of type string, not 1; a: must have at most 2 items, not 3; a[2]: is \"x\" a "
       "second time"},
      {R"({"a": [1, "b"]})",
       R"({"properties": {"a": {"prefixItems": [{"type": "integer"}], "items": false}}})",
       "a[1]: is not allowed"},
      {R"({"a": "\u00e4\u00f6"})", R"({"properties": {"a": {"minLength": 2, "maxLength": 2}}})",
       ""},
      {R"({"a": ""})", R"({"properties": {"a": {"minLength": 1}}})",
       "a: must have at least 1 characters, not 0"},
      {R"({"a": 5})", R"({"properties": {"a": {"multipleOf": 2, "exclusiveMaximum": 5}}})",
       "a: must be below 5, not 5; a: must be a multiple of 2, not 5"},
      {R"({"a": 1})", R"({"anyOf": [{"required": ["b"]}, {"required": ["c", "d"]}]})",
       ": fits none of 2 alternatives; nearest: must have `b`"},
      {R"({"a": 1})", R"({"oneOf": [{"required": ["a"]}, {"type": "object"}]})",
       ": fits 2 of the alternatives; it must fit one"},
      {R"({"a": 1})", R"({"not": {"required": ["a"]}})", R"(: must not fit {"required":["a"]})"},
      {R"({"a": 1})",
       R"({"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}})",
       ": must have `b`"},
      {R"({"a": {"b": 1}})",
       R"({"$defs": {"n": {"type": "string"}}, "properties": {"a": {"properties":
           {"b": {"$ref": "#/$defs/n"}}}}})",
       "a.b: must be of type string, not 1"},
      {R"({"a b": 1})", R"({"propertyNames": {"pattern": "^[a-z]+$"}})",
       ": must match `^[a-z]+$`, not be \"a b\""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.config);
    CAPTURE(c.schema);
    CHECK(violations(c.config, c.schema) == c.want);
  }
}

TEST_CASE("a schema that is none is refused") {
  const std::pair<const char*, const char*> cases[] = {
      {"[]", "error: s.json: the schema is not an object"},
      {R"({"type": "text"})",
       "error: s.json: the schema knows a type `text` that JSON Schema does not"},
      {R"({"dependentRequired": {}})",
       "error: s.json: the schema has the keyword `dependentRequired`, which wasmctl does not "
       "check"},
      {R"({"$ref": "#/$defs/x"})",
       "error: s.json: the schema refers to `#/$defs/x`, which is not in it"},
      {R"({"$ref": "https://example.org/x"})",
       "error: s.json: the schema refers to `https://example.org/x`, which is not in it"},
      {R"({"$ref": "#"})", "error: s.json: the schema refers to itself, or nests, without end"},
      {R"({"minProperties": -1})",
       "error: s.json: the schema has `minProperties` that is not a whole number"},
      {R"({"items": [true]})",
       "error: s.json: the schema has `items` that is not one schema (draft 7's list is now "
       "`prefixItems`)"},
      {R"({"properties": {"a": {"pattern": "("}}})",
       "error: s.json: the schema has the pattern `(`: missing ): ("},
  };
  for (const auto& [schema, want] : cases) {
    CAPTURE(schema);
    CHECK(violations(R"({"a": "x"})", schema) == want);
  }
}

TEST_CASE("neither a long string nor a nest of alternatives costs without bound") {
  const json config = {{"a", std::string(300'000, 'a') + "c"}};
  const auto found = plugin::violations_of(
      config, json::parse(R"({"properties": {"a": {"pattern": "^(a|b)*$"}}})"), "s.json");
  REQUIRE(found.size() == 1);
  CHECK(found[0].path == wasmctl::yaml::Path{"a"});
  json schema = {{"$defs", {{"0", {{"type", "string"}}}}}, {"$ref", "#/$defs/20"}};
  for (int i = 1; i <= 20; ++i) {
    const json before = {{"$ref", "#/$defs/" + std::to_string(i - 1)}};
    schema["$defs"][std::to_string(i)] = {{"anyOf", {before, before, before}}};
  }
  CHECK_THROWS_WITH_AS((void)plugin::violations_of(json::object(), schema, "s.json"),
                       "s.json: the schema refers to itself, or nests, without end", Error);
}
