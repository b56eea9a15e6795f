#include "compile/sdk.hpp"

#include "base/sha256.hpp"

namespace wasmctl::compile {

std::string sdk_digest() {
  base::Sha256 digest;
  for (const auto& file : sdk_files()) {
    digest.update(file.name).update(std::string_view("\0", 1));
    digest.update(file.text).update(std::string_view("\0", 1));
  }
  return digest.hex();
}

}  // namespace wasmctl::compile
