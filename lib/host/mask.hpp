// What a trace must not show: the values of headers and properties that carry credentials, and the
// configuration, in which keys may stand. A value that was hidden once is hidden wherever it comes
// again, in a log message as well.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::host {

enum class Masking : std::uint8_t { on, off };

struct MaskOptions {
  Masking masking = Masking::on;
  std::vector<std::string> names;  // of headers, beside those that are known
};

class Mask {
 public:
  explicit Mask(MaskOptions options) : options_(std::move(options)) {}

  bool is_on() const { return options_.masking == Masking::on; }
  // A header's name, or the path of a property, whose last part counts; case does not.
  bool hides(std::string_view name) const;
  // What is shown in place of a value that is hidden, and remembered.
  std::string hide(std::string_view value);
  // `text` without the values that are remembered.
  std::string masked(std::string_view text) const;

 private:
  MaskOptions options_;
  std::vector<std::string> values_;
};

}  // namespace wasmctl::host
