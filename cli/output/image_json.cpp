#include "cli/output/image_json.hpp"

#include <nlohmann/json.hpp>

namespace wasmctl::cli {

nlohmann::json image_json(const oci::Descriptor& manifest) {
  return {{"digest", manifest.digest.text()},
          {"mediaType", manifest.media_type},
          {"size", manifest.size}};
}

}  // namespace wasmctl::cli
