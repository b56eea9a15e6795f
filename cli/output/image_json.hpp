// What `--json` of push, copy and tag says of an image that they stored, in the same words.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "oci/descriptor.hpp"

namespace wasmctl::cli {

// {"digest": ..., "mediaType": ..., "size": ...}, of the manifest. The command adds the names.
nlohmann::json image_json(const oci::Descriptor& manifest);

}  // namespace wasmctl::cli
