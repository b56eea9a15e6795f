// Manifests as strangers write them: read, judged, and written out again with the same meaning.
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.hpp"
#include "kube/check/check.hpp"
#include "yaml/json.hpp"
#include "yaml/read.hpp"
#include "yaml/write.hpp"

namespace {

using namespace wasmctl;

// The rules look at whatever was read; none may fall over it.
void judge(std::string_view text) {
  try {
    kube::Inventory inventory;
    kube::read_manifests(inventory, text, "fuzz", "default");
    (void)kube::check_manifests(inventory);
  } catch (const Error&) {
    return;  // no YAML
  }
}

void write_again(std::string_view text) {
  std::vector<nlohmann::json> values;
  try {
    for (const auto& document : yaml::read_all(text, "fuzz")) {
      values.push_back(yaml::to_json(document.root, "fuzz"));
    }
  } catch (const Error&) {
    return;  // no YAML, or not what JSON can hold
  }
  for (const auto& value : values) {
    const auto written = yaml::write(value);
    if (yaml::to_json(yaml::read_one(written, "again").root, "again") != value) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  judge(text);
  write_again(text);
  return 0;
}
