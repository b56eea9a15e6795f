#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "wasm/module.hpp"
#include "wasm/validate.hpp"

namespace wasmctl::wasm {

namespace {

bool libwabt_knows(FeatureSet features) {
  const auto rows = feature_rows();
  return std::none_of(rows.begin(), rows.end(), [&](const FeatureRow& row) {
    return !row.in_libwabt && features.contains(row.feature);
  });
}

}  // namespace

Module read_module(base::Content bytes, std::string_view file) {
  auto module = parse_module(std::move(bytes), file);
  try {
    module.calls = read_calls(module);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: invalid Wasm: {}", file, error.message()));
  }
  module.features.add(module.calls.features());
  if (libwabt_knows(module.features)) validate(module.bytes, file);
  return module;
}

}  // namespace wasmctl::wasm
