// Back-traces of Wasm modules in a proxy's log, and what their frames stand for.
//
//     [error] Function: proxy_on_request_headers failed: Uncaught RuntimeError: unreachable
//     Proxy-Wasm plugin in-VM backtrace:
//       0:  0x16a - unknown(function index:7)
//       1:  0x198 - proxy_on_request_headers
//
// The numbers are offsets in the module's file: of the instruction that trapped, and of the calls
// that led there. For a call in a try, V8 gives the last instruction before it that has a place of
// its own, or the byte before the function's body where there is none (measured with Envoy 1.40).
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

// A line of a log with a frame in it, or the part of one between `\n`s.
struct TraceFrame {
  std::string text;
  // How many strings of JSON (or logfmt) it is in, one in another: in 1, a quote is written `\"`.
  unsigned strings = 0;
  std::uint64_t number = 0;            // 0 begins a trace
  std::size_t offset = 0;              // in the module's file
  std::optional<std::uint32_t> index;  // of the function, where the proxy knows no name
  // Where the function's name is in the text, or what stands for it; the end as far as the text
  // alone tells: what loggers write after it begins with a tab, a quote or two blanks.
  std::size_t name_begin = 0;
  std::size_t name_end = 0;
};

// None in any other text.
std::optional<TraceFrame> parse_frame(std::string_view text, unsigned strings);

// What takes the place of a frame's name, from `name_begin` on.
struct Description {
  std::size_t end = 0;  // in the frame's text
  std::string text;     // "acme::Context::fall(int) at crash.cc:17", escaped as the place wants it
};

// Of each frame; none if the module cannot have made this trace: instructions begin at the offsets,
// those of frames but the first are calls, and the functions are the ones that the proxy counted or
// named. A name of the log is never replaced by less.
//
//     fall(int) at a.cc:17
//     fall(int) at a.cc:17, inlined: nth at a.cc:4, at at vector.h:427    where the compiler put
//                                                                        these calls into fall
//     fall(int) near a.cc:17         a call in a try, one of several
std::optional<std::vector<Description>> describe(std::span<const TraceFrame> trace,
                                                 const Module& module, const Symbols& symbols);

}  // namespace wasmctl::wasm
