// What the next run of wasmctl has to know to go on with an upload that was killed: one small file
// for each registry, repository and digest, while the upload lasts.
#pragma once

#include <filesystem>
#include <string>

namespace wasmctl::registry {

// A Location may carry a token that the registry signed: the file is for its owner alone, and its
// content is never logged. Two processes never use the same record: the second one has none, and
// opens an upload of its own. No error here stops an upload: then there is nothing to go on with.
class UploadRecord {
 public:
  // None: remembers nothing.
  UploadRecord() = default;
  // `directory` is made if need be; `key` names the upload.
  UploadRecord(const std::filesystem::path& directory, const std::string& key);
  ~UploadRecord();
  UploadRecord(const UploadRecord&) = delete;
  UploadRecord& operator=(const UploadRecord&) = delete;

  // The upload's Location; empty if none is known.
  const std::string& location() const { return location_; }
  void set_location(const std::string& location);
  // The upload has ended, or is lost.
  void clear();

 private:
  std::filesystem::path path_;
  int fd_ = -1;  // locked; -1: remembers nothing
  std::string location_;
};

}  // namespace wasmctl::registry
