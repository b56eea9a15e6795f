// What `wasmctl inspect IMAGE` says of the package around the module.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "cli/output/output.hpp"
#include "oci/consumers.hpp"

namespace wasmctl::cli {

void print_image(Output out, const oci::ImageTree& image);
nlohmann::json image_json(const oci::ImageTree& image);

}  // namespace wasmctl::cli
