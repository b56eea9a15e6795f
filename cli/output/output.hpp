// Standard output and error as commands see them. There is no `<<`: what others wrote (a name in a
// module, a registry's word, a file's name) goes out as an argument of print(), which escapes it,
// so that no new command can forget to.
#pragma once

#include <fmt/core.h>

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/printable.hpp"

namespace wasmctl::cli {

// A handle: copies write to the same stream, which must outlive them.
class Output {
 public:
  Output(std::ostream& stream) : stream_(&stream) {}

  // `print("{}: {} bytes\n", name, size)`. The format is ours and may have several lines; each
  // text among the arguments becomes part of a line, by base::printable().
  template <typename... Args>
  void print(fmt::format_string<const Args&...> format, const Args&... args) const {
    print_safe(fmt::string_view(format), safe(args)...);
  }

  // The document, indented, and a line feed; the values are exact, written in escapes.
  void print_json(const nlohmann::json& document) const;

  // What a tool that we drive has printed, lines and colours included.
  void relay(std::string_view text) const { write(base::printable_output(text)); }

  // Bytes that are the result themselves: a manifest, the lines of a log that is passed on. Never
  // for a message.
  void write(std::string_view bytes) const;

  void flush() const;
  bool good() const;

 private:
  template <typename T>
  static auto safe(const T& value) {
    if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      return base::printable(value);
    } else {
      static_assert(std::is_arithmetic_v<T>, "print() takes texts and numbers");
      return value;
    }
  }

  template <typename... Args>
  void print_safe(fmt::string_view format, const Args&... args) const {
    write(fmt::vformat(format, fmt::make_format_args(args...)));
  }

  std::ostream* stream_;
};

}  // namespace wasmctl::cli
