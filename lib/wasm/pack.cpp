#include "wasm/pack.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "wasm/reader.hpp"

namespace wasmctl::wasm {

namespace {

struct Segment {
  std::uint32_t address = 0;
  std::string_view bytes;
};

// A segment of its own costs up to 11 bytes: flags, i32.const, an address of up to 5, end, a size.
constexpr std::size_t kWorthASegment = 11;

constexpr std::uint8_t kActive = 0;  // flags: memory 0, at an address
constexpr std::uint8_t kI32Const = 0x41;
constexpr std::uint8_t kEnd = 0x0b;

// i32.const's operand is signed; addresses are not.
std::int64_t signed_leb(Reader& reader) {
  std::int64_t value = 0;
  unsigned shift = 0;
  std::uint8_t next = 0;
  do {
    next = reader.byte("an address");
    value |= static_cast<std::int64_t>(next & 0x7fU) << shift;
    shift += 7;
  } while ((next & 0x80U) != 0 && shift < 35);
  const bool negative = (next & 0x40U) != 0;
  return negative ? value - (std::int64_t{1} << shift) : value;
}

void put_signed_leb(std::string& out, std::int64_t value) {
  for (;;) {
    const auto low = static_cast<std::uint8_t>(value & 0x7f);
    value >>= 7;
    const bool last = (value == 0 && (low & 0x40U) == 0) || (value == -1 && (low & 0x40U) != 0);
    out += static_cast<char>(last ? low : low | 0x80U);
    if (last) return;
  }
}

void put_leb(std::string& out, std::uint64_t value) {
  do {
    const auto low = static_cast<std::uint8_t>(value & 0x7fU);
    value >>= 7U;
    out += static_cast<char>(value == 0 ? low : low | 0x80U);
  } while (value != 0);
}

// The segments, if all are of the kind that linkers write.
std::optional<std::vector<Segment>> read_segments(Reader reader) {
  std::vector<Segment> segments;
  const auto count = reader.count("data segments");
  for (std::uint32_t i = 0; i < count; ++i) {
    if (reader.byte("a data segment") != kActive) return std::nullopt;
    if (reader.byte("a data segment") != kI32Const) return std::nullopt;
    const auto address = static_cast<std::uint32_t>(signed_leb(reader));
    if (reader.byte("a data segment") != kEnd) return std::nullopt;
    const auto size = reader.u32_leb("a data segment");
    segments.push_back({address, reader.take(size, "a data segment")});
  }
  return segments;
}

// Segments are written one after the other: where two overlap, a zero may matter.
bool overlap(std::vector<Segment> segments) {
  std::sort(segments.begin(), segments.end(),
            [](const Segment& a, const Segment& b) { return a.address < b.address; });
  for (std::size_t i = 1; i < segments.size(); ++i) {
    if (segments[i - 1].address + segments[i - 1].bytes.size() > segments[i].address) return true;
  }
  return false;
}

// Appends what is left of `segment`.
void split(const Segment& segment, std::vector<Segment>& pieces) {
  const auto& bytes = segment.bytes;
  std::size_t begin = bytes.find_first_not_of('\0');
  while (begin != std::string_view::npos) {
    std::size_t end = std::min(bytes.find('\0', begin), bytes.size());
    std::size_t next = bytes.find_first_not_of('\0', end);
    while (next != std::string_view::npos && next - end <= kWorthASegment) {
      end = std::min(bytes.find('\0', next), bytes.size());
      next = bytes.find_first_not_of('\0', end);
    }
    pieces.push_back(
        {segment.address + static_cast<std::uint32_t>(begin), bytes.substr(begin, end - begin)});
    begin = next;
  }
}

std::string data_section(const std::vector<Segment>& segments) {
  std::string content;
  put_leb(content, segments.size());
  for (const auto& segment : segments) {
    content += static_cast<char>(kActive);
    content += static_cast<char>(kI32Const);
    put_signed_leb(content, static_cast<std::int32_t>(segment.address));
    content += static_cast<char>(kEnd);
    put_leb(content, segment.bytes.size());
    content += segment.bytes;
  }
  std::string section(1, static_cast<char>(SectionId::data));
  put_leb(section, content.size());
  return section + content;
}

}  // namespace

std::string without_zero_data(const Module& module, std::string_view bytes) {
  std::string same(bytes);
  const auto is = [](SectionId id) { return [id](const Section& s) { return s.id == id; }; };
  const auto data =
      std::find_if(module.sections.begin(), module.sections.end(), is(SectionId::data));
  const bool imports_memory =
      std::any_of(module.imports.begin(), module.imports.end(),
                  [](const Import& import) { return import.kind == ExternalKind::memory; });
  const bool by_number =
      std::any_of(module.sections.begin(), module.sections.end(), is(SectionId::data_count));
  if (data == module.sections.end() || imports_memory || by_number) return same;

  const auto segments =
      read_segments(Reader(bytes.substr(data->payload, data->end - data->payload), data->payload));
  if (!segments || overlap(*segments)) return same;
  std::vector<Segment> pieces;
  for (const auto& segment : *segments) split(segment, pieces);
  return same.replace(data->begin, data->end - data->begin, data_section(pieces));
}

}  // namespace wasmctl::wasm
