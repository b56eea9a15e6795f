// A table of forms as a JSON Schema, for editors.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "kube/shape.hpp"

namespace wasmctl::kube {

// Draft 2020-12. What a `judge` says is left out: it refuses more.
nlohmann::json schema_of(const Shape& shape);

// Of what wasmctl.yaml has under `plugin`.
nlohmann::json settings_schema();

}  // namespace wasmctl::kube
