#include "base/error.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/printable.hpp"

namespace wasmctl {

Error::Error(Code code, Place place, std::string_view reason)
    : code_(code),
      message_(to_string(place) + ": "),
      place_(std::move(place)),
      reason_begin_(message_.size()) {
  message_ += reason;
}

Error& Error::because(std::string cause) {
  causes_.push_back(std::move(cause));
  return *this;
}

Error& Error::hint(std::string hint) {
  hints_.push_back(std::move(hint));
  return *this;
}

Error& Error::with_output(std::string_view text) {
  output_ += text;
  return *this;
}

std::string format_error(const Error& error) {
  auto text = fmt::format("error: {}\n", base::printable(error.message()));
  for (const auto& cause : error.causes()) {
    text += fmt::format("  caused by: {}\n", base::printable(cause));
  }
  text += base::printable_output(error.output());
  if (!text.ends_with('\n')) text += '\n';
  for (const auto& hint : error.hints()) text += fmt::format("hint: {}\n", base::printable(hint));
  return text;
}

}  // namespace wasmctl
