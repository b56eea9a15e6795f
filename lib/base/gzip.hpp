// gzip (RFC 1952): written the same for the same bytes, read with a bound. zlib stays behind this
// header.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wasmctl::base {

// One member, with no name, no comment and time stamp 0.
std::string gzip(std::string_view bytes);

// All members, one after the other, as gzip(1) reads them. Throws Error{Code::bad_input} if `bytes`
// are no gzip stream, are cut short, fail their checksum, or unpack to more than `max_bytes`.
std::string gunzip(std::string_view bytes, std::uint64_t max_bytes);

}  // namespace wasmctl::base
