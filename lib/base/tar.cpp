#include "base/tar.hpp"

#include <fmt/format.h>

#include <cstring>
#include <limits>
#include <numeric>
#include <optional>

#include "base/error.hpp"

namespace wasmctl::base {

namespace {

constexpr std::size_t kBlock = 512;

// A field of the ustar header (POSIX.1-1988, section 10.1.1): offset and length in bytes.
struct Field {
  std::size_t offset;
  std::size_t size;
};
constexpr Field kName{0, 100};
constexpr Field kMode{100, 8};
constexpr Field kUid{108, 8};
constexpr Field kGid{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kMtime{136, 12};
constexpr Field kChecksum{148, 8};
constexpr Field kType{156, 1};
constexpr Field kMagic{257, 8};
constexpr Field kPrefix{345, 155};

// The sum of all bytes, those of the checksum itself counted as spaces.
std::uint64_t checksum(std::string_view header) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    sum += own ? static_cast<unsigned char>(' ') : static_cast<unsigned char>(header[i]);
  }
  return sum;
}

void put(std::string& header, Field field, std::string_view text) {
  header.replace(field.offset, text.size(), text);
}

// Octal digits that fill the field but for a NUL at its end.
void put_octal(std::string& header, Field field, std::uint64_t value) {
  put(header, field, fmt::format("{:0{}o}", value, field.size - 1));
}

std::string_view take(std::string_view header, Field field) {
  return header.substr(field.offset, field.size);
}

std::string_view until_nul(std::string_view text) {
  return text.substr(0, text.find('\0'));
}

Error tar_error(std::size_t offset, std::string_view what) {
  return {Code::bad_input, fmt::format("the tar archive {} (offset {:#x})", what, offset)};
}

// Octal with spaces or NULs about it, or GNU's base 256 for what does not fit: the first byte's
// high bit is set and the rest is a big-endian number.
std::optional<std::uint64_t> parse_number(std::string_view field) {
  if ((static_cast<unsigned char>(field[0]) & 0x80U) != 0) {
    std::uint64_t value = static_cast<unsigned char>(field[0]) & 0x7fU;
    for (const char c : field.substr(1)) {
      if (value > std::numeric_limits<std::uint64_t>::max() >> 8U) return std::nullopt;
      value = value << 8U | static_cast<unsigned char>(c);
    }
    return value;
  }
  const auto first = field.find_first_not_of(' ');
  if (first == std::string_view::npos) return 0;
  field = until_nul(field.substr(first));
  field = field.substr(0, field.find(' '));
  std::uint64_t value = 0;
  for (const char c : field) {  // at most 12 digits: no overflow
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<unsigned>(c - '0');
  }
  return value;
}

// What a pax header or GNU long name says of the entry that follows.
struct Overrides {
  std::optional<std::string> name;
  std::optional<std::uint64_t> size;
};

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  constexpr std::size_t kMaxDigits = 18;  // fits 64 bits, and is more than any archive holds
  if (text.empty() || text.size() > kMaxDigits) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

// Records "LENGTH KEY=VALUE\n", LENGTH counting the whole record.
void read_pax(std::string_view records, std::size_t offset, Overrides& overrides) {
  while (!records.empty()) {
    const auto space = records.find(' ');
    const auto length = parse_decimal(records.substr(0, space));
    if (space == std::string_view::npos || !length || *length <= space + 1 ||
        *length > records.size() || records[*length - 1] != '\n') {
      throw tar_error(offset, "has a broken pax header");
    }
    const auto record = records.substr(space + 1, *length - space - 2);
    const auto equals = std::min(record.find('='), record.size());
    const auto key = record.substr(0, equals);
    const auto value = record.substr(std::min(equals + 1, record.size()));
    if (key == "path") overrides.name = value;
    if (key == "size") {
      overrides.size = parse_decimal(value);
      if (!overrides.size) throw tar_error(offset, "has a broken size in its pax header");
    }
    records.remove_prefix(*length);
  }
}

std::string entry_name(std::string_view header) {
  const auto name = until_nul(take(header, kName));
  const auto prefix = until_nul(take(header, kPrefix));
  // GNU's own format uses the prefix's place for other things, and has another magic.
  const bool posix = take(header, kMagic).starts_with(std::string_view("ustar\0", 6));
  return posix && !prefix.empty() ? fmt::format("{}/{}", prefix, name) : std::string(name);
}

TarEntry::Type entry_type(char type) {
  switch (type) {
    case '0':
    case '\0':
    case '7':  // contiguous: a file, for all but one system
      return TarEntry::Type::file;
    case '5':
      return TarEntry::Type::directory;
    default:
      return TarEntry::Type::other;
  }
}

}  // namespace

TarFrame tar_frame(std::string_view name, std::uint64_t size) {
  if (name.size() > kName.size || size >= std::uint64_t{1} << 33U) {  // 11 octal digits
    throw Error(Code::internal, fmt::format("`{}` does not fit a ustar header", name));
  }
  std::string head(kBlock, '\0');
  put(head, kName, name);
  put_octal(head, kMode, 0644);
  put_octal(head, kUid, 0);
  put_octal(head, kGid, 0);
  put_octal(head, kSize, size);
  put_octal(head, kMtime, 0);
  put(head, kType, "0");
  put(head, kMagic, std::string_view("ustar\00000", 8));
  put(head, kChecksum, fmt::format("{:06o}{} ", checksum(head), '\0'));
  const auto padding = static_cast<std::size_t>((kBlock - size % kBlock) % kBlock);
  return {std::move(head), std::string(padding + 2 * kBlock, '\0')};
}

void read_tar(std::string_view archive, const std::function<bool(const TarEntry&)>& visit) {
  Overrides overrides;
  std::size_t offset = 0;
  while (archive.size() - offset >= kBlock) {
    const auto header = archive.substr(offset, kBlock);
    if (header.find_first_not_of('\0') == std::string_view::npos) return;  // the end's mark
    if (parse_number(take(header, kChecksum)) != checksum(header)) {
      throw tar_error(offset, "has a header with a wrong checksum");
    }
    auto size = parse_number(take(header, kSize));
    const char type = take(header, kType)[0];
    const bool extension = type == 'x' || type == 'g' || type == 'L' || type == 'K';
    if (!extension && overrides.size) size = overrides.size;
    if (!size) throw tar_error(offset, "has a header with a broken size");
    const auto start = offset + kBlock;
    if (*size > archive.size() - start) {
      throw tar_error(offset, fmt::format("says that {} bytes follow, but {} remain", *size,
                                          archive.size() - start));
    }
    const auto content = archive.substr(start, *size);

    if (type == 'x') {
      read_pax(content, offset, overrides);
    } else if (type == 'L') {
      overrides.name = until_nul(content);
    } else if (!extension) {
      const TarEntry entry{overrides.name.value_or(entry_name(header)), entry_type(type), content};
      overrides = {};
      if (!visit(entry)) return;
    }
    // The last content's padding may be missing.
    offset = start + std::min((*size + kBlock - 1) / kBlock * kBlock, archive.size() - start);
  }
  if (offset != archive.size()) throw tar_error(offset, "ends within a header");
}

}  // namespace wasmctl::base
