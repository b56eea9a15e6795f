#include "kube/shape_schema.hpp"

#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "kube/render/settings.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::json;

json mapping_schema(std::span<const Shape> shapes) {
  json schema{{"type", "object"}, {"additionalProperties", false}, {"properties", json::object()}};
  for (const auto& shape : shapes) {
    schema["properties"][shape.key] = schema_of(shape);
    if (shape.required) schema["required"].push_back(shape.key);
  }
  return schema;
}

json text_schema(const Shape& shape) {
  json schema{{"type", "string"}, {"maxLength", shape.max}};
  if (shape.min > 0) schema["minLength"] = shape.min;
  return schema;
}

json form_schema(const Shape& shape) {
  switch (shape.type) {
    case ShapeType::anything:
      return json::object();
    case ShapeType::text:
      return text_schema(shape);
    case ShapeType::choice:
      return {{"enum", shape.choices}};
    case ShapeType::boolean:
      return {{"type", "boolean"}};
    case ShapeType::integer:
      return {{"type", "integer"}, {"minimum", shape.min}, {"maximum", shape.max}};
    case ShapeType::object:
      return {{"type", "object"}};
    case ShapeType::labels:
      return {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
    case ShapeType::mapping:
      return mapping_schema(shape.fields);
    case ShapeType::list:
      return {{"type", "array"},
              {"minItems", shape.min},
              {"maxItems", shape.max},
              {"items", schema_of(shape.fields.front())}};
  }
  return json::object();
}

}  // namespace

json schema_of(const Shape& shape) {
  auto schema = form_schema(shape);
  if (shape.nullable) return {{"anyOf", {std::move(schema), {{"type", "null"}}}}};
  return schema;
}

json settings_schema() {
  json properties = json::object();
  for (const auto& field : fields()) properties[field.shape.key] = schema_of(field.shape);
  return {{"type", {"object", "null"}},
          {"additionalProperties", false},
          {"properties", std::move(properties)}};
}

}  // namespace wasmctl::kube
