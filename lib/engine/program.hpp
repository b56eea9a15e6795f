// A module that is ready to run: valid, with the table of its branches, and of no proposal that the
// engine does not run.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "wasm/module.hpp"
#include "wasm/validate/validate.hpp"

namespace wasmctl::engine {

// A slot of the machine's stack, a local or a global, without a tag: validation knows the types. An
// i32 or f32 is in the lower half, the upper one is zero; null is 0, another reference is a
// pointer.
using Slot = std::uint64_t;

// One function body.
struct Body {
  const std::uint8_t* begin = nullptr;  // its first instruction
  const std::uint8_t* end = nullptr;    // behind its last one
  const wasm::ControlTable* table = nullptr;
  std::uint32_t parameters = 0;
  std::uint32_t results = 0;
  std::uint32_t frame_slots = 0;  // locals, and caught exceptions after them
};

// It does not change and may be shared by instances.
class Program {
 public:
  // Throws Error{Code::bad_input}, `file` first, if `module` is invalid or uses what the engine
  // does not run: the message names the proposal.
  Program(wasm::Module module, std::string_view file);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  const wasm::Module& module() const { return module_; }
  const Body& code(std::size_t body) const { return codes_[body]; }
  // The file's first byte: offsets are from here.
  const std::uint8_t* bytes() const { return bytes_; }

 private:
  wasm::Module module_;
  const std::uint8_t* bytes_ = nullptr;
  std::vector<wasm::ControlTable> tables_;
  std::vector<Body> codes_;
};

// The proposals that the engine does not run.
std::span<const wasm::Feature> features_not_run();

}  // namespace wasmctl::engine
