#include "base/tar.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <map>
#include <optional>
#include <vector>

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
constexpr Field kDevMajor{329, 8};
constexpr Field kDevMinor{337, 8};
constexpr Field kPrefix{345, 155};
// GNU's own header, and star's: what they have in other places.
constexpr Field kGnuAtime{345, 12};
constexpr Field kGnuCtime{357, 12};
constexpr Field kGnuExtended{482, 1};     // whether blocks of a sparse file's map follow
constexpr Field kSparseExtended{504, 1};  // the same in such a block
constexpr Field kStarPrefix{345, 131};
constexpr Field kStarAtime{476, 12};
constexpr Field kStarCtime{488, 12};
constexpr Field kTrailer{508, 4};

// The sum of all bytes, those of the checksum itself counted as spaces. Some archivers of old took
// bytes for signed.
template <typename Byte>
std::int64_t checksum(std::string_view header) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    sum += static_cast<Byte>(own ? ' ' : header[i]);
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

// Octal digits with spaces or NULs about them.
std::optional<std::int64_t> parse_octal(std::string_view field) {
  constexpr std::string_view kBlank(" \0", 2);
  const auto first = field.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return 0;
  field = until_nul(field.substr(first, field.find_last_not_of(kBlank) + 1 - first));
  std::int64_t value = 0;
  for (const char c : field) {  // at most 12 digits: no overflow
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + (c - '0');
  }
  return value;
}

// Octal, or GNU's base 256 for what does not fit: the first byte's high bit is set, and the rest is
// a big-endian number in two's complement.
std::optional<std::int64_t> parse_number(std::string_view field) {
  const auto first = static_cast<unsigned char>(field[0]);
  if ((first & 0x80U) == 0) return parse_octal(field);
  const bool negative = (first & 0x40U) != 0;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < field.size(); ++i) {
    unsigned byte = static_cast<unsigned char>(field[i]);
    if (negative) byte ^= 0xffU;
    if (i == 0) byte &= 0x7fU;
    if (value >> 56U != 0) return std::nullopt;
    value = value << 8U | byte;
  }
  if (value >> 63U != 0) return std::nullopt;
  const auto number = static_cast<std::int64_t>(value);
  return negative ? ~number : number;
}

// As Go's strconv.ParseInt reads it.
std::optional<std::int64_t> parse_decimal(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t value = 0;
  const auto* const last = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `last` is its end
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last) return std::nullopt;
  return value;
}

// Seconds with or without a fraction.
bool is_time(std::string_view text) {
  const auto dot = std::min(text.find('.'), text.size());
  const auto fraction = text.substr(std::min(dot + 1, text.size()));
  return parse_decimal(text.substr(0, dot)) &&
         fraction.find_first_not_of("0123456789") == std::string_view::npos;
}

using PaxRecords = std::map<std::string, std::string, std::less<>>;

// Null where it is absent or empty.
const std::string* find(const PaxRecords& records, std::string_view key) {
  const auto found = records.find(key);
  return found == records.end() || found->second.empty() ? nullptr : &found->second;
}

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

bool is_valid_record(std::string_view key, std::string_view value) {
  const bool is_name = key == "path" || key == "linkpath" || key == "uname" || key == "gname";
  return !key.empty() && !has_nul(is_name ? value : key);
}

constexpr char kSparseMap[] = "GNU.sparse.map";

// Records "LENGTH KEY=VALUE\n", LENGTH counting the whole record.
PaxRecords read_pax(std::string_view text, std::size_t offset) {
  constexpr std::int64_t kShortest = 5;
  PaxRecords records;
  std::vector<std::string_view> sparse_map;
  while (!text.empty()) {
    const auto space = text.find(' ');
    const auto length = parse_decimal(text.substr(0, space)).value_or(0);
    const auto size = static_cast<std::size_t>(length);
    if (space == std::string_view::npos || length < kShortest || size <= space + 1 ||
        size > text.size() || text[size - 1] != '\n') {
      throw tar_error(offset, "has a broken pax header");
    }
    const auto record = text.substr(space + 1, size - space - 2);
    const auto equals = record.find('=');
    const auto key = record.substr(0, equals);
    const auto value = record.substr(equals == std::string_view::npos ? record.size() : equals + 1);
    if (equals == std::string_view::npos || !is_valid_record(key, value)) {
      throw tar_error(offset, "has a broken pax header");
    }
    // The oldest form of a sparse file's map is a record for each number, in turn.
    constexpr std::array<std::string_view, 2> kInMap = {"GNU.sparse.offset", "GNU.sparse.numbytes"};
    if (std::ranges::find(kInMap, key) == kInMap.end()) {
      records.insert_or_assign(std::string(key), std::string(value));
    } else if (key == kInMap.at(sparse_map.size() % 2) &&
               value.find(',') == std::string_view::npos) {
      sparse_map.push_back(value);
    } else {
      throw tar_error(offset, "has a broken pax header");
    }
    text.remove_prefix(size);
  }
  if (!sparse_map.empty()) records[kSparseMap] = fmt::format("{}", fmt::join(sparse_map, ","));
  return records;
}

// What is not used must be readable all the same.
void check_pax(const PaxRecords& records, std::size_t offset) {
  for (const auto* const key : {"uid", "gid", "size"}) {
    const auto* const value = find(records, key);
    if (value != nullptr && !parse_decimal(*value)) {
      throw tar_error(offset, fmt::format("has a broken {} in its pax header", key));
    }
  }
  for (const auto* const key : {"atime", "ctime", "mtime"}) {
    const auto* const value = find(records, key);
    if (value != nullptr && !is_time(*value)) {
      throw tar_error(offset, fmt::format("has a broken {} in its pax header", key));
    }
  }
}

enum class Format { v7, ustar, star, gnu };

Format format_of(std::string_view header) {
  const auto magic = take(header, kMagic);
  if (magic.starts_with(std::string_view("ustar\0", 6))) {
    return take(header, kTrailer) == std::string_view("tar\0", 4) ? Format::star : Format::ustar;
  }
  return magic == std::string_view("ustar  \0", 8) ? Format::gnu : Format::v7;
}

std::string_view prefix_of(std::string_view header, Format format) {
  const auto prefix = until_nul(take(header, kPrefix));
  switch (format) {
    case Format::v7:
      return {};
    case Format::ustar:
      return prefix;
    case Format::star:
      return until_nul(take(header, kStarPrefix));
    case Format::gnu:
      break;
  }
  // GNU has two times in that place. Go before 1.8 wrote a prefix there all the same, and later
  // versions take it for one where it is text and no time.
  const auto is_number = [&](Field field) {
    return take(header, field)[0] == '\0' || parse_number(take(header, field));
  };
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80U; };
  const bool is_text = std::ranges::all_of(prefix, is_ascii);
  return is_text && !(is_number(kGnuAtime) && is_number(kGnuCtime)) ? prefix : std::string_view();
}

std::string entry_name(std::string_view header, Format format) {
  const auto name = until_nul(take(header, kName));
  const auto prefix = prefix_of(header, format);
  return prefix.empty() ? std::string(name) : fmt::format("{}/{}", prefix, name);
}

void check_numbers(std::string_view header, Format format, std::size_t offset) {
  const auto check = [&](std::initializer_list<Field> fields) {
    for (const auto field : fields) {
      if (!parse_number(take(header, field))) {
        throw tar_error(offset, "has a header with a broken number");
      }
    }
  };
  check({kMode, kUid, kGid, kMtime});
  if (format != Format::v7) check({kDevMajor, kDevMinor});
  if (format == Format::star) check({kStarAtime, kStarCtime});
}

TarEntry::Type entry_type(char type, std::string_view name) {
  switch (type) {
    case '1':
    case '2':
      return TarEntry::Type::link;
    case '3':
    case '4':
    case '6':
      return TarEntry::Type::device;
    case '5':
      return TarEntry::Type::directory;
    case '\0':  // before POSIX a directory was a name that ends so
      return name.ends_with('/') ? TarEntry::Type::directory : TarEntry::Type::file;
    case 'S':
      return TarEntry::Type::sparse;
    default:
      return TarEntry::Type::file;
  }
}

bool has_content(TarEntry::Type type) {
  return type == TarEntry::Type::file || type == TarEntry::Type::sparse;
}

bool is_sparse(const PaxRecords& records) {
  const auto version = [&](const char* key) {
    const auto* const value = find(records, key);
    return value == nullptr ? std::string_view() : std::string_view(*value);
  };
  const auto major = version("GNU.sparse.major");
  const auto minor = version("GNU.sparse.minor");
  if (major.empty() && minor.empty()) return find(records, kSparseMap) != nullptr;
  return (major == "0" && (minor == "0" || minor == "1")) || (major == "1" && minor == "0");
}

class TarReader {
 public:
  explicit TarReader(std::string_view archive) : archive_(archive) {}

  // About the entry last read.
  Error error(std::string_view what) const { return tar_error(header_offset_, what); }

  // Null at the end.
  std::optional<TarEntry> next() {
    PaxRecords pax;
    std::string long_name;
    while (const auto header = next_header()) {
      const char type = take(*header, kType)[0];
      const auto format = format_of(*header);
      check_numbers(*header, format, header_offset_);
      auto name = entry_name(*header, format);
      switch (type) {
        case 'x':
          pax = read_pax(special(*header), header_offset_);
          break;
        case 'g': {
          const auto records = read_pax(special(*header), header_offset_);
          const auto* const path = find(records, "path");
          return TarEntry{path == nullptr ? name : *path, TarEntry::Type::header, {}};
        }
        case 'L':
          long_name = until_nul(special(*header));
          break;
        case 'K':
          special(*header);
          break;
        default:
          check_pax(pax, header_offset_);
          if (const auto* const path = find(pax, "path")) name = *path;
          if (!long_name.empty()) name = long_name;
          return entry(*header, format, std::move(name), pax);
      }
    }
    return std::nullopt;
  }

 private:
  std::size_t left() const { return archive_.size() - offset_; }

  std::string_view next_block() {
    if (left() < kBlock) throw tar_error(offset_, "ends within a header");
    const auto block = archive_.substr(offset_, kBlock);
    offset_ += kBlock;
    return block;
  }

  // Null at the end: of the archive, or two blocks of zeros.
  std::optional<std::string_view> next_header() {
    const auto is_zero = [](std::string_view block) {
      return block.find_first_not_of('\0') == std::string_view::npos;
    };
    if (left() == 0) return std::nullopt;
    header_offset_ = offset_;
    auto header = next_block();
    if (is_zero(header)) {
      if (left() == 0 || is_zero(next_block())) return std::nullopt;
      throw tar_error(header_offset_, "goes on after a block of zeros");
    }
    const auto sum = parse_octal(take(header, kChecksum));
    if (!sum ||
        (*sum != checksum<unsigned char>(header) && *sum != checksum<signed char>(header))) {
      throw tar_error(header_offset_, "has a header with a wrong checksum");
    }
    return header;
  }

  std::string_view content(std::optional<std::int64_t> size) {
    if (!size || *size < 0) throw tar_error(header_offset_, "has a header with a broken size");
    const auto bytes = static_cast<std::uint64_t>(*size);
    if (bytes > left()) {
      throw tar_error(header_offset_,
                      fmt::format("says that {} bytes follow, but {} remain", bytes, left()));
    }
    const auto found = archive_.substr(offset_, static_cast<std::size_t>(bytes));
    // The last content's padding may be missing.
    offset_ += std::min<std::size_t>((found.size() + kBlock - 1) / kBlock * kBlock, left());
    return found;
  }

  // The content of a header that is about another.
  std::string_view special(std::string_view header) {
    constexpr std::size_t kMaxBytes = 1024 * 1024;  // Go's
    const auto found = content(parse_number(take(header, kSize)));
    if (found.size() > kMaxBytes) {
      throw tar_error(header_offset_,
                      fmt::format("has an extended header of more than {} bytes", kMaxBytes));
    }
    return found;
  }

  // What does not fit the header's own map of a sparse file.
  void skip_sparse_blocks(std::string_view header, Format format) {
    if (format != Format::gnu)
      throw tar_error(header_offset_, "has a sparse file of no known form");
    char more = take(header, kGnuExtended)[0];
    while (more != '\0') more = take(next_block(), kSparseExtended)[0];
  }

  TarEntry entry(std::string_view header, Format format, std::string name, const PaxRecords& pax) {
    auto size = parse_number(take(header, kSize));
    if (!size) throw tar_error(header_offset_, "has a header with a broken size");
    if (const auto* const text = find(pax, "size")) size = parse_decimal(*text);
    auto type = entry_type(take(header, kType)[0], name);
    if (type == TarEntry::Type::sparse) {
      skip_sparse_blocks(header, format);
    } else if (is_sparse(pax)) {
      if (!has_content(type)) throw tar_error(header_offset_, "has a sparse file without content");
      type = TarEntry::Type::sparse;
      if (const auto* const own = find(pax, "GNU.sparse.name")) name = *own;
    }
    // Others have none, whatever their size says.
    const auto bytes = has_content(type) ? content(size) : std::string_view();
    return {std::move(name), type, type == TarEntry::Type::file ? bytes : std::string_view()};
  }

  const std::string_view archive_;
  std::size_t offset_ = 0;
  std::size_t header_offset_ = 0;  // of the header last read, for messages
};

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
  put(head, kChecksum, fmt::format("{:06o}{} ", checksum<unsigned char>(head), '\0'));
  const auto padding = static_cast<std::size_t>((kBlock - size % kBlock) % kBlock);
  return {std::move(head), std::string(padding + 2 * kBlock, '\0')};
}

std::string_view to_string(TarEntry::Type type) {
  switch (type) {
    case TarEntry::Type::file:
      return "a file";
    case TarEntry::Type::directory:
      return "a directory";
    case TarEntry::Type::link:
      return "a link";
    case TarEntry::Type::device:
      return "a device or pipe";
    case TarEntry::Type::sparse:
      return "a sparse file";
    case TarEntry::Type::header:
      break;
  }
  return "a header of the whole archive";
}

void read_tar(std::string_view archive, const std::function<bool(const TarEntry&)>& visit) {
  TarReader reader(archive);
  while (const auto entry = reader.next()) {
    if (!visit(*entry)) return;
    if (entry->type == TarEntry::Type::sparse)
      throw reader.error("has a sparse file, which is not read");
  }
}

}  // namespace wasmctl::base
