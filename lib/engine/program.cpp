#include "engine/program.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/error.hpp"

namespace wasmctl::engine {

namespace {

constexpr wasm::Feature kNotRun[] = {
    wasm::Feature::wide_arithmetic,
    wasm::Feature::custom_page_sizes,
};

void refuse_what_is_not_run(wasm::FeatureSet features, std::string_view file) {
  for (const auto& row : wasm::feature_rows()) {
    for (const auto feature : kNotRun) {
      if (feature != row.feature || !features.contains(feature)) continue;
      throw Error(Code::bad_input,
                  fmt::format("{}: uses {}, which the embedded host does not run", file, row.name))
          .hint("a module without it comes from a compiler that has the feature turned off");
    }
  }
}

}  // namespace

std::span<const wasm::Feature> features_not_run() {
  return kNotRun;
}

Program::Program(wasm::Module module, std::string_view file) : module_(std::move(module)) {
  bytes_ = reinterpret_cast<const std::uint8_t*>(module_.bytes.view().data());
  try {
    module_.features.add(wasm::validate(module_, &tables_));
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: invalid Wasm: {}", file, error.message()));
  }
  refuse_what_is_not_run(module_.features, file);
  codes_.reserve(module_.bodies.size());
  for (std::size_t i = 0; i < module_.bodies.size(); ++i) {
    const auto& place = module_.bodies[i];
    const auto& type = module_.types[module_.functions[i]].function;
    Body code;
    code.table = &tables_[i];
    code.begin = bytes_ + code.table->code;
    code.end = bytes_ + place.offset + place.size;
    code.parameters = static_cast<std::uint32_t>(type.parameters.size());
    code.results = static_cast<std::uint32_t>(type.results.size());
    code.frame_slots = code.table->locals + code.table->caught_slots;
    codes_.push_back(code);
  }
}

}  // namespace wasmctl::engine
