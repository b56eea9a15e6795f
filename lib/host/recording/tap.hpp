// A module that tells what crosses the ABI while it runs in a real Envoy: by its log, since that is
// the one way out that every host offers.
//
// It is the module itself, each of whose exported callbacks and imported host calls goes through a
// function that logs what it was given and what came of it; its own functions have the same
// instructions as before. Callbacks that it lacks are added, and let all go on, so that the tap
// sees the whole message. Nothing is asked of the module's allocator but once: what the host hands
// over for the tap is put into pages that the tap has let grow for itself.
//
// What is logged, at level critical, is read by event.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wasm/module.hpp"

namespace wasmctl::host {

// How an event begins: numbers of 32 bits but for the first, in the order of the ABI's bytes.
// Behind it the arguments, 64 bits each.
struct TapLayout {
  static constexpr std::uint32_t kMark = 0;  // 64 bits, the tap's own
  static constexpr std::uint32_t kKind = 8;
  static constexpr std::uint32_t kId = 12;
  static constexpr std::uint32_t kResult = 16;
  static constexpr std::uint32_t kArguments = 24;
};

enum class TapKind : std::uint8_t {
  call,    // a host call that has returned: `id` is its row in proxy_hostcalls()
  begin,   // of a callback: `id` is its row in wasm::callbacks()
  end,     // of the same
  pairs,   // what the callback gets: `id` a MapType; address and size
  buffer,  // the same of a BufferType
};

// A text is logged in pieces of so many bytes.
inline constexpr std::uint32_t kTapPiece = 1U << 16U;

// `mark` begins each event: no plugin that does not know it can log one. Throws
// Error{Code::bad_input} for a module that has functions in expressions, or whose memory is not
// the usual one.
std::string tapped(const wasm::Module& module, std::uint64_t mark);

}  // namespace wasmctl::host
