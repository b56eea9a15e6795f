// The one error type. Thrown anywhere in lib/, caught in cli/commands.cpp, which prints it as
//
//     error: cannot push to ghcr.io/acme/header-logger:v1: the registry answered 403 DENIED
//       caused by: the token allows only `pull` on repository:acme/header-logger
//     hint: log in with push rights: `wasmctl login ghcr.io`
//
// and picks the exit status from the code. A message is in lower case, shows offending values in
// backticks and has no full stop; it may not contain a secret.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/place.hpp"

namespace wasmctl {

enum class Code {
  usage,         // the command line is wrong
  bad_input,     // a file, module, config, manifest or answer is not what it should be
  not_found,     // a named thing does not exist: file, image, tag
  build_failed,  // the compiler or linker refused the plugin
  unloadable,    // the module is valid, but the proxy would refuse it
  tool_missing,  // a program or library that wasmctl drives is not installed
  io,            // the file system refused: permission, space, device
  network,       // no answer: name, connection, TLS, time-out
  denied,        // the registry refused: authentication or rights
  verification,  // bytes do not have the digest or size that was promised
  test_failed,   // a test of a suite failed
  interrupted,   // stopped by a signal
  internal,      // a bug in wasmctl
};

class Error : public std::exception {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}
  // Of something in a text: the message is `PLACE: REASON`.
  Error(Code code, Place place, std::string_view reason);

  // One more level of cause, nearest first.
  Error& because(std::string cause);
  // What a tool said, in its own lines, printed below the causes.
  Error& with_output(std::string_view text);
  // What to do next. Several hints are printed in order.
  Error& hint(std::string hint);

  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::optional<Place>& place() const { return place_; }
  // The message without the place.
  std::string_view reason() const { return std::string_view(message_).substr(reason_begin_); }
  const std::vector<std::string>& causes() const { return causes_; }
  const std::string& output() const { return output_; }
  const std::vector<std::string>& hints() const { return hints_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  Code code_;
  std::string message_;
  std::optional<Place> place_;
  std::size_t reason_begin_ = 0;  // in the message
  std::vector<std::string> causes_;
  std::string output_;
  std::vector<std::string> hints_;
};

// The whole error as the terminal shows it, each line ended by '\n'. Message, causes and hints are
// one line each, whatever is in them (base/printable.hpp).
std::string format_error(const Error& error);

}  // namespace wasmctl
