#include "wasm/pack.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "wasm/names.hpp"
#include "wasm/reader.hpp"
#include "wasm/writer.hpp"

namespace wasmctl::wasm {

namespace {

struct Segment {
  std::uint32_t address = 0;
  std::string_view bytes;
};

constexpr std::uint8_t kActive = 0;  // flags: memory 0, at an address
constexpr std::uint8_t kI32Const = 0x41;
constexpr std::uint8_t kEnd = 0x0b;

// The segments, if all are of the kind that linkers write.
std::optional<std::vector<Segment>> read_segments(Reader reader) {
  std::vector<Segment> segments;
  const auto count = reader.count("data segments");
  for (std::uint32_t i = 0; i < count; ++i) {
    if (reader.byte("a data segment") != kActive) return std::nullopt;
    if (reader.byte("a data segment") != kI32Const) return std::nullopt;
    const auto address = static_cast<std::uint32_t>(reader.signed_leb(32, "an address"));
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

// What a segment costs beside its bytes: flags, i32.const, the address, end, a size (most are
// short).
std::size_t segment_cost(std::uint32_t address) {
  std::string constant;
  put_signed_leb(constant, static_cast<std::int32_t>(address));
  return 4 + constant.size();
}

// Appends what is left of `segment`.
void split(const Segment& segment, std::vector<Segment>& pieces) {
  const auto& bytes = segment.bytes;
  std::size_t begin = bytes.find_first_not_of('\0');
  while (begin != std::string_view::npos) {
    std::size_t end = std::min(bytes.find('\0', begin), bytes.size());
    std::size_t next = bytes.find_first_not_of('\0', end);
    while (next != std::string_view::npos &&
           next - end <= segment_cost(segment.address + static_cast<std::uint32_t>(next))) {
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
    put_text(content, segment.bytes);
  }
  return section(SectionId::data, content);
}

// One function body, its size included.
void put_short_body(std::string& out, const Module& module, std::string_view bytes,
                    std::size_t body) {
  std::vector<Number> numbers;
  const Reader code = instructions_of(module, bytes, body);
  const auto& [begin, size] = module.bodies[body];
  std::string content(bytes.substr(begin, code.offset() - begin));
  Instructions instructions(code, &numbers);
  Instruction instruction;
  while (instructions.next(instruction)) {
    auto at = instruction.offset;
    for (const auto& number : numbers) {
      content += bytes.substr(at, number.offset - at);
      if (number.is_signed) {
        put_signed_leb(content, number.value);
      } else {
        put_leb(content, static_cast<std::uint64_t>(number.value));
      }
      at = number.offset + number.size;
    }
    content += bytes.substr(at, instructions.reader().offset() - at);
  }
  put_text(out, content);
}

// Names and DWARF are for people, target_features and producers for linkers, `wasmctl.` for the
// build. A plugin's own sections stay.
bool is_for_tools(std::string_view section) {
  constexpr std::string_view kNames[] = {"name", "producers", "target_features", "build_id"};
  return section.starts_with(".debug_") || section.starts_with("wasmctl.") ||
         std::find(std::begin(kNames), std::end(kNames), section) != std::end(kNames);
}

}  // namespace

std::string with_short_numbers(const Module& module, std::string_view bytes) {
  std::string out(bytes.substr(0, 8));
  for (const auto& part : module.sections) {
    auto content = bytes.substr(part.payload, part.end - part.payload);
    if (part.id == SectionId::custom) {
      out += custom_section(part.name, content);
      continue;
    }
    std::string code;
    if (part.id == SectionId::code) {
      put_leb(code, module.bodies.size());
      for (std::size_t body = 0; body < module.bodies.size(); ++body) {
        put_short_body(code, module, bytes, body);
      }
      content = code;
    }
    out += section(part.id, content);
  }
  return out;
}

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

std::string shipped(std::string_view linked, std::string_view file) {
  auto bytes = without_custom_sections(parse_module(linked, file), linked, is_for_tools);
  bytes = with_short_numbers(parse_module(bytes, file), bytes);
  bytes = without_zero_data(parse_module(bytes, file), bytes);
  return bytes + smallest_name_section();
}

}  // namespace wasmctl::wasm
