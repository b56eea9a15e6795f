// SHA-256, as every digest of OCI, Istio and this tool uses it. OpenSSL stays behind this header.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace wasmctl::base {

// Incremental, for content that streams by.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& update(std::string_view bytes);
  // The digest of what was given so far as 64 lower-case hex digits. The object is used up.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view bytes);

}  // namespace wasmctl::base
