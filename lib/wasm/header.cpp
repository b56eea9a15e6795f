#include "wasm/header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/error.hpp"

namespace wasmctl::wasm {

namespace {

constexpr std::string_view kMagic{"\0asm", 4};

std::string describe_foreign(std::string_view bytes) {
  struct Signature {
    std::string_view magic;
    std::string_view what;
  };
  constexpr Signature kSignatures[] = {
      {"\x1f\x8b", "gzip data"},
      {"\x28\xb5\x2f\xfd", "zstd data"},
      {"PK\x03\x04", "a zip archive"},
      {"\x7f"
       "ELF",
       "an ELF file, made for this machine and not for Wasm"},
      {"BC\xc0\xde", "LLVM bitcode, compiled but not linked"},
      {"!<arch>\n", "a static library"},
      {"(module", "the text form of Wasm: convert it with `wat2wasm`"},
      {"<!DOCTYPE", "an HTML page"},
      {"<!doctype", "an HTML page"},
      {"<html", "an HTML page"},
      {"{", "JSON"},
      {"#include", "C++ source: compile it with `wasmctl build`"},
      {"AGFzbQ", "the base64 text of a module: decode it first"},
      {"version https://git-lfs", "a Git LFS pointer: run `git lfs pull`"},
  };
  if (bytes.empty()) return "an empty file";
  for (const auto& signature : kSignatures) {
    if (bytes.starts_with(signature.magic)) return std::string(signature.what);
  }
  if (bytes.size() > 262 && bytes.substr(257, 5) == "ustar") return "a tar archive";
  const auto head = bytes.substr(0, 512);
  const bool text = std::all_of(head.begin(), head.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t';
  });
  if (text) return "a text file";
  std::string hex;
  for (const char c : bytes.substr(0, 4)) {
    hex += fmt::format(" {:02x}", static_cast<unsigned char>(c));
  }
  return "data that begins with" + hex;
}

}  // namespace

void check_header(Reader& reader, std::string_view bytes) {
  if (bytes.size() < 8 && !bytes.empty() && kMagic.starts_with(bytes.substr(0, 4))) {
    throw Error(Code::bad_input,
                fmt::format("the file ends inside the header, after {} bytes", bytes.size()));
  }
  if (!bytes.starts_with(kMagic)) {
    throw Error(Code::bad_input, "not a Wasm module but " + describe_foreign(bytes));
  }
  reader.take(4, "the header");
  const Reader start = reader;
  const auto version = reader.take(4, "the header");
  if (version == std::string_view("\1\0\0\0", 4)) return;
  // Component Model, Binary.md: a layer of 1 in the upper half of the version.
  if (version.substr(2) == std::string_view("\1\0", 2)) {
    throw Error(Code::bad_input,
                "not a core Wasm module but a component, which proxies do not load")
        .hint(
            "build for `wasm32-wasip1` or `wasm32-unknown-unknown`; a component's core module "
            "comes out with `wasm-tools component unbundle`");
  }
  start.fail("the version of Wasm is not 1");
}

}  // namespace wasmctl::wasm
