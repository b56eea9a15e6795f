// What `wasmctl inspect IMAGE` says of the package around the module.
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

#include "oci/pulled_image.hpp"

namespace wasmctl::cli {

void print_image(std::ostream& out, oci::PulledImage& image);
nlohmann::json image_json(oci::PulledImage& image);

}  // namespace wasmctl::cli
