#include "oci/digest.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/sha256.hpp"

namespace wasmctl::oci {

namespace {

constexpr std::size_t kHexDigits = 64;
constexpr std::string_view kPrefix = "sha256:";

}  // namespace

Digest Digest::parse(std::string_view text) {
  const auto shown = text.substr(0, 150);  // it comes from outside, and goes into a message
  const auto fail = [&](std::string_view why) {
    return Error(Code::bad_input, fmt::format("digest `{}` {}", shown, why));
  };
  if (text.find(':') == std::string_view::npos) throw fail("has no algorithm: sha256:<64 hex>");
  if (!text.starts_with(kPrefix)) throw fail("has another algorithm than sha256");
  const auto hex = text.substr(kPrefix.size());
  if (hex.size() != kHexDigits) {
    throw fail(fmt::format("has {} hex digits, sha256 has 64", hex.size()));
  }
  if (hex.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    throw fail("has a character that is not a lower-case hex digit");
  }
  return from_hex(std::string(hex));
}

Digest Digest::from_hex(std::string hex) {
  Digest digest;
  digest.hex_ = std::move(hex);
  return digest;
}

Digest Digest::of(std::string_view bytes) {
  return from_hex(base::sha256_hex(bytes));
}

}  // namespace wasmctl::oci
