// Digests: the names of all content, `sha256:<64 hex digits>`.
// Source: OCI Image Specification v1.1, descriptor.md, "Digests". Of the registered algorithms
// sha512 is not supported: no registry or builder that Istio users meet makes it.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace wasmctl::oci {

class Digest {
 public:
  // No digest: empty, equal to no parsed one.
  Digest() = default;

  // Throws Error{Code::bad_input} saying what is wrong: algorithm, length, a digit.
  static Digest parse(std::string_view text);
  // `hex`: 64 lower-case hex digits, as base::Sha256 makes them.
  static Digest from_hex(std::string hex);
  // Of these bytes.
  static Digest of(std::string_view bytes);

  const std::string& hex() const { return hex_; }  // what WasmPlugin's spec.sha256 takes
  std::string text() const { return "sha256:" + hex_; }
  bool empty() const { return hex_.empty(); }

  friend auto operator<=>(const Digest&, const Digest&) = default;

 private:
  std::string hex_;
};

}  // namespace wasmctl::oci
