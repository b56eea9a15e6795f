// tar archives. Written as ustar (POSIX.1-1988) with fixed times and owners; read with the
// extensions that layers in the wild carry: pax (POSIX.1-2001) and GNU's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace wasmctl::base {

// What stands before and behind the `size` bytes of an archive's only file: mode 0644, owner 0:0,
// time stamp 0; the padding and two zero blocks at the end. `name` has at most 100 bytes.
struct TarFrame {
  std::string head;
  std::string tail;
};
TarFrame tar_frame(std::string_view name, std::uint64_t size);

// Of a tail: the zero blocks at the end. Without them another file can follow.
inline constexpr std::size_t kTarEndBytes = 1024;

struct TarEntry {
  // file: whatever has bytes, be its type known or not. header: of the whole archive (pax `g`),
  // which Go hands out like an entry.
  enum class Type { file, directory, link, device, sparse, header };
  std::string name;  // as stored, e.g. "./etc/plugin.wasm"; nothing is resolved or cleaned
  Type type = Type::file;
  std::string_view bytes;  // of a file; points into the archive
};

// What it is that has such a type: "a directory".
std::string_view to_string(TarEntry::Type type);

// Calls `visit` for each entry in order until it returns false. Throws Error{Code::bad_input}
// naming the offset of a header that is broken, or whose content reaches beyond the archive.
// Names, sizes and the places of headers are those that Go's archive/tar finds (reader.go,
// Go 1.26), since it reads layers for Istio, docker and containerd; but the maps of sparse files
// are not read. Whether Go goes on after one is in its map, so nothing is read after it: that
// throws.
void read_tar(std::string_view archive, const std::function<bool(const TarEntry&)>& visit);

}  // namespace wasmctl::base
