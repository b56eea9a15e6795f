// Where an Envoy of ours runs, with its files and sockets: a directory that goes with the object.
// What a process leaves behind that is killed, the next one removes.
#pragma once

#include <filesystem>

#include "base/files.hpp"

namespace wasmctl::envoy {

class RunDirectory {
 public:
  RunDirectory() : lock_(directory_.path()) { remove_abandoned(directory_.path()); }

  const std::filesystem::path& path() const { return directory_.path(); }

 private:
  // Those beside `own` of this user that nobody has locked, and that are older than a minute: one
  // that is being made is not locked yet.
  static void remove_abandoned(const std::filesystem::path& own);

  base::TemporaryDirectory directory_;
  base::FileLock lock_;
};

}  // namespace wasmctl::envoy
