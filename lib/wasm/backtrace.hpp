// Back-traces of Wasm modules in a proxy's log, and what their frames stand for.
//
//     [error] Function: proxy_on_request_headers failed: Uncaught RuntimeError: unreachable
//     Proxy-Wasm plugin in-VM backtrace:
//       0:  0x16a - unknown(function index:7)
//       1:  0x198 - proxy_on_request_headers
//
// The numbers are offsets in the module's file: of the instruction that trapped, and of the calls
// that led there. Where logs are JSON, all this stands in one line, with `\n` between.
// Source: proxy-wasm-cpp-host, src/v8/v8.cc, getFailMessage(); only modules with a name section
// get a trace.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/module.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::wasm {

struct TraceFrame {
  std::uint64_t number = 0;            // 0 begins a trace
  std::size_t offset = 0;              // in the module's file
  std::optional<std::uint32_t> index;  // of the function, where the proxy knows no name
  // Where the function's name, or what stands for it, is in the line.
  std::size_t name_begin = 0;
  std::size_t name_end = 0;
};

// The frame in a line, or in a part of one between `\n`s; none in any other text.
std::optional<TraceFrame> parse_frame(std::string_view line);

// Whether a module can have made this trace: instructions begin at all offsets, those behind the
// first are calls, and the functions are the ones that the proxy counted.
bool fits(std::span<const TraceFrame> trace, const Module& module);

// What the frame stands for: "acme::Context::fall(int) at crash.cc:17". Empty if the module has
// no function there.
std::string describe(const TraceFrame& frame, const Module& module, const Symbols& symbols);

}  // namespace wasmctl::wasm
