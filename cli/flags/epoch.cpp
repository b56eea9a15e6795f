#include "cli/flags/epoch.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <ctime>

#include "base/error.hpp"

namespace wasmctl::cli {

std::optional<std::string> created_at(const Context& context) {
  const auto text = env_or(context, "SOURCE_DATE_EPOCH", "");
  if (text.empty()) return std::nullopt;
  constexpr std::int64_t kLast = 253402300799;  // 9999-12-31T23:59:59Z, the last that RFC 3339 has
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0 || seconds > kLast) {
    throw Error(Code::usage,
                fmt::format("SOURCE_DATE_EPOCH `{}` is not a number of seconds", text));
  }
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

}  // namespace wasmctl::cli
