// Files that people keep: what patch puts in is there once, and comes out again to the byte.
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "kube/patch/manifest_text.hpp"
#include "kube/patch/text_patch.hpp"

namespace {

using namespace wasmctl;

const kube::Target kWeb = {{}, {}, {{"app", "web"}}};
const kube::Mount kMount = {"a", kube::VolumeSource::config_map, "a-0123456789"};

std::string patched(const std::string& text, kube::Direction direction) {
  return kube::apply_edits(text, kube::patch_text(text, "fuzz", kWeb, kMount, direction).edits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::string added;
  try {
    // A file that has parts of this plugin already is not given back as it was.
    if (patched(text, kube::Direction::undo) != text) return 0;
    added = patched(text, kube::Direction::add);
  } catch (const Error&) {
    return 0;  // refused, untouched
  }
  if (patched(added, kube::Direction::add) != added) __builtin_trap();
  if (text.find(kube::kAddedMark) != std::string::npos) return 0;
  if (patched(added, kube::Direction::undo) != text) __builtin_trap();
  return 0;
}
