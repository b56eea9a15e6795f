// Compiled as C++17: libwabt's interpreter headers do not compile as C++20.
#include "wasm/validate.hpp"

#include <fmt/format.h>
#include <wabt/binary-reader.h>
#include <wabt/interp/binary-reader-interp.h>
#include <wabt/interp/interp.h>

#include "base/error.hpp"

namespace wasmctl::wasm {

void validate(std::string_view bytes, std::string_view file) {
  wabt::ReadBinaryOptions options;
  options.features.EnableAll();
  // Without it libwabt reads on behind the first error and crashes on hostile modules.
  options.stop_on_first_error = true;
  options.fail_on_custom_section_error = false;  // hosts ignore what custom sections hold

  wabt::Errors errors;
  wabt::interp::ModuleDesc ignored;
  const auto result =
      wabt::interp::ReadBinaryInterp(file, bytes.data(), bytes.size(), options, &errors, &ignored);
  if (wabt::Succeeded(result)) return;
  if (errors.empty()) throw Error(Code::bad_input, fmt::format("{}: invalid Wasm", file));
  throw Error(Code::bad_input, fmt::format("{}: invalid Wasm: {} (offset {:#x})", file,
                                           errors.front().message, errors.front().loc.offset));
}

}  // namespace wasmctl::wasm
