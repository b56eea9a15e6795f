#include "sign/secretbox.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/sign/hex.hpp"

namespace wasmctl::sign {

// The vector of NaCl's own tests (tests/secretbox.c), and what Go's x/crypto gives for no text.
const auto kVectorKey =
    from_hex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
const auto kVectorNonce = from_hex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
const auto kVectorText = from_hex(
    "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c"
    "61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f"
    "21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705");
const auto kVectorBox = from_hex(
    "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1"
    "186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab9321645"
    "48e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b"
    "1f654cb45a74e355a5");

TEST_CASE("a secretbox is NaCl's") {
  CHECK(seal(kVectorText, kVectorNonce, kVectorKey) == kVectorBox);
  CHECK(open_box(kVectorBox, kVectorNonce, kVectorKey) == kVectorText);
  CHECK(seal("", kVectorNonce, kVectorKey) == from_hex("2539121d8e234e652d651fa4c8cff880"));
}

TEST_CASE("a secretbox that was changed anywhere does not open") {
  for (std::size_t i = 0; i < kVectorBox.size(); i += 7) {
    auto changed = kVectorBox;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(open_box(changed, kVectorNonce, kVectorKey));
  }
  CHECK_FALSE(open_box(kVectorBox.substr(0, kVectorBox.size() - 1), kVectorNonce, kVectorKey));
  CHECK_FALSE(open_box(kVectorBox.substr(0, kBoxTagBytes - 1), kVectorNonce, kVectorKey));
  CHECK_FALSE(open_box("", kVectorNonce, kVectorKey));
}

}  // namespace wasmctl::sign
