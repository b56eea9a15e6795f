// What whoever may write to a registry hands to those who verify: bundles, statements, payloads;
// and keys that came from somewhere. None is ever taken for signed.
#include <cstdlib>
#include <string_view>

#include "base/error.hpp"
#include "sign/key.hpp"
#include "sign/simple_signing.hpp"
#include "sign/statement.hpp"

namespace {

using namespace wasmctl;

template <typename Read>
void try_to(const Read& read) {
  try {
    read();
  } catch (const Error&) {
    return;  // refused
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const auto own = sign::PrivateKey::generate().public_key();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_to([&] {
    const auto bundle = sign::parse_bundle(text);
    if (bundle.is_signed_by(own)) std::abort();
    (void)sign::parse_statement(bundle.payload);
  });
  try_to([&] { (void)sign::parse_statement(text); });
  try_to([&] { (void)sign::parse_simple_payload(text); });
  try_to([&] { (void)sign::PublicKey::parse(text, "fuzz").hint(); });
  // The password of an encrypted one takes too long to be asked for each time.
  try_to([&] {
    (void)sign::PrivateKey::parse(text, "fuzz",
                                  []() -> std::string { throw Error(Code::usage, ""); });
  });
  return 0;
}
