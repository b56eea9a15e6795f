// The exit status of each kind of error: this table is also what `wasmctl --help` prints.
#pragma once

#include <string_view>

#include "base/error.hpp"

namespace wasmctl::cli {

struct ExitStatus {
  Code code;
  int status;
  std::string_view meaning;
};

inline constexpr ExitStatus kExitStatuses[] = {
    {Code::test_failed, 1, "a test, a limit of the tests or the request of `run --once` failed"},
    {Code::usage, 2, "the command line is wrong"},
    {Code::bad_input, 3, "a file, module, config or answer is not what it should be"},
    {Code::not_found, 4, "a file, image or tag does not exist"},
    {Code::build_failed, 5, "the plugin does not compile or link"},
    {Code::unloadable, 6, "the proxy would refuse the module"},
    {Code::tool_missing, 7, "a program or library is not installed"},
    {Code::io, 8, "the file system refused"},
    {Code::network, 9, "no answer from a server"},
    {Code::denied, 10, "the registry refused the credentials or the right"},
    {Code::verification, 11, "bytes do not match their digest or signature"},
    {Code::internal, 70, "a bug in wasmctl"},
    {Code::interrupted, 130, "stopped by a signal"},
};

}  // namespace wasmctl::cli
