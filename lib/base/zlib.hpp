// The zlib format (RFC 1950), in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wasmctl::base {

// At zlib's default level, as its compress() writes it.
std::string zlib_compress(std::string_view bytes);

// None: it is no stream of zlib, is cut short, or unpacks to more than `max_bytes`.
std::optional<std::string> zlib_uncompress(std::string_view bytes, std::uint64_t max_bytes);

}  // namespace wasmctl::base
