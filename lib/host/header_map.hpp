// The headers or trailers of a message, as a module reads and writes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "host/abi.hpp"

namespace wasmctl::host {

// How a map keeps several values of a name.
enum class HeaderForm : std::uint8_t {
  // Google's plugin tester: sorted by name, one entry each, values joined by ", "; the spelling of
  // the name that came first stays.
  joined,
  // Envoy: in order, an entry for each value, names in lower case, pseudo headers first; what it
  // keeps one value of is joined by ",".
  listed,
};

class HeaderMap {
 public:
  explicit HeaderMap(HeaderForm form) : form_(form) {}
  HeaderMap(HeaderForm form, const Pairs& pairs);

  const Pairs& pairs() const { return pairs_; }
  std::size_t size() const { return pairs_.size(); }
  // As a host call answers it: how many there are; in Envoy, how many bytes.
  std::size_t size_for_module() const;
  // The first value; names are compared without regard to case.
  std::optional<std::string_view> get(std::string_view name) const;

  void add(std::string_view name, std::string_view value);
  // In place of all values.
  void replace(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  void assign(const Pairs& pairs);

 private:
  HeaderForm form_;
  Pairs pairs_;
};

}  // namespace wasmctl::host
