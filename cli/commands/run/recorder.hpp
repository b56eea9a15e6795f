// `wasmctl run --record`: the requests that the plugin sees, kept until the end, and then written
// as a suite.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/content.hpp"
#include "cli/command.hpp"
#include "cli/commands/run/running_plugin.hpp"
#include "envoy/record.hpp"
#include "host/mask.hpp"
#include "host/recording/recording.hpp"

namespace wasmctl::cli {

class Recorder {
 public:
  // Throws, before there is anything to lose: Error{Code::usage} for standard output,
  // Error{Code::io} for a directory, Error{Code::not_found} if the file's directory is not there.
  Recorder(std::string file, host::MaskOptions mask);

  // The module in whose place Envoy gets another; the same for the same bytes.
  base::Content tap(const base::Content& module, const std::string& path);

  // From any thread. False: the record is no part of the recording.
  bool add(const envoy::Record& record);

  // Writes the file, whole, and says so; `least` is the level from which on logs are expected.
  void write(Context& context, const RunningPlugin& plugin, std::string_view least);

 private:
  std::string file_;
  host::MaskOptions mask_;
  std::mutex mutex_;
  host::Recording recording_;
  std::string module_;  // the last one that was tapped
  base::Content tapped_;
};

}  // namespace wasmctl::cli
