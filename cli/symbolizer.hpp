// The back-traces in a log, in the words of the modules that made them; all else passes as it is.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/known_module.hpp"
#include "cli/output/output.hpp"
#include "wasm/backtrace.hpp"

namespace wasmctl::cli {

using KnownModules = std::vector<std::unique_ptr<KnownModule>>;

// With a warning for one that has no names.
KnownModules load_modules_of_traces(const std::vector<std::string>& arguments);

// Of one log, in which no other's lines are between those of a trace.
class Symbolizer {
 public:
  // `modules` must outlive it.
  Symbolizer(Output out, const KnownModules& modules) : out_(out), modules_(modules) {}

  // A line without a frame ends a trace; without one to end, it goes out at once. `newline` is
  // "\n", or nothing for a last line that has none.
  void line(std::string_view line, std::string_view newline);
  void finish();

 private:
  // A piece of a line that has a frame, or that follows one.
  struct Part {
    std::string text;
    std::string end;
    std::optional<std::size_t> frame;  // in trace_
  };

  void pass(std::string_view text, std::string_view end, unsigned strings);
  std::optional<std::vector<wasm::Description>> describe_trace();
  void write_trace();
  void write_parts(const std::vector<wasm::Description>& descriptions);

  Output out_;
  const KnownModules& modules_;
  std::vector<wasm::TraceFrame> trace_;
  std::vector<Part> parts_;
  bool has_frame_ = false;  // the line
  std::size_t traces_ = 0;
  std::size_t unfit_ = 0;
  bool is_ambiguous_ = false;
};

}  // namespace wasmctl::cli
