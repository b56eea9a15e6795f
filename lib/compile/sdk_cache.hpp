// The SDK, compiled once for all plugins: in the cache directory, `sdk-KEY` holds its headers, its
// objects and its precompiled header, KEY standing for this SDK, compiler and flags; state.json
// says what they were made from. A cache may be moved, copied, damaged or emptied, and the headers
// of the standard library may be upgraded under it: what does not fit any more is made anew.
#pragma once

#include <filesystem>

#include "compile/commands.hpp"
#include "compile/state.hpp"
#include "compile/toolchain.hpp"

namespace wasmctl::compile {

class SdkCache {
 public:
  // In `cache`, or in `otherwise` where there is no cache or it cannot be written.
  SdkCache(const Toolchain& toolchain, const Flags& flags, const fs::path& cache,
           const fs::path& otherwise);

  // Sees to it that all is there, of one making. True if something had to be made for that. Throws
  // Error{Code::build_failed} if the SDK does not compile.
  bool prepare(unsigned jobs);

  // Where its headers are, and those that come before the standard library's own; and the SDK's
  // name in what is compiled, wherever the cache is.
  Words include_words() const;
  std::string precompiled_header() const;
  const fs::path& directory() const { return directory_; }
  const Words& objects() const { return objects_; }

 private:
  bool is_whole() const;
  void compile(unsigned jobs);
  void record_parts(FileClock started) const;

  const Toolchain& toolchain_;
  Words words_;      // what all of it is compiled with
  std::string key_;  // all that determines it, but for the standard library
  Directory whose_;  // the next is
  fs::path directory_;
  Words objects_;
};

}  // namespace wasmctl::compile
