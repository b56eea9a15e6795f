#include "wasm/pack.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "wasm/code.hpp"
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
void put_short_body(std::string& out, const Module& module, std::size_t body) {
  const auto bytes = module.bytes.view();
  std::vector<Number> numbers;
  const Reader code = instructions_of(module, body);
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
  return is_debug_section(section) || section.starts_with("wasmctl.") ||
         std::find(std::begin(kNames), std::end(kNames), section) != std::end(kNames);
}

// The code section with the numbers in it in as few bytes as they need. A linker that keeps debug
// information leaves room in them for larger ones: 8 % of a small module.
std::string short_code(const Module& module) {
  std::string content;
  put_leb(content, module.bodies.size());
  for (std::size_t body = 0; body < module.bodies.size(); ++body) {
    put_short_body(content, module, body);
  }
  return section(SectionId::code, content);
}

// The data section without zero bytes, which memory holds anyway. A C++ module is full of them
// (tables of virtual functions whose entries the linker emptied, statics), and linkers write them.
// The segments are split at long runs of zeros and cut where they begin or end with zeros. Where
// that could change something the section stays as it is: in modules that import their memory, or
// that name segments by number (a data count section).
std::string short_data(const Module& module, const Section& data) {
  const bool imports_memory = std::ranges::any_of(
      module.imports, [](const Import& import) { return import.kind == ExternalKind::memory; });
  const bool by_number = module.find_section(SectionId::data_count) != nullptr;
  const auto segments = read_segments(data.reader());
  if (imports_memory || by_number || !segments || overlap(*segments)) {
    return section(SectionId::data, data.content());
  }
  std::vector<Segment> pieces;
  for (const auto& segment : *segments) split(segment, pieces);
  return data_section(pieces);
}

}  // namespace

std::string shipped(const Module& linked, Names names) {
  std::string out(linked.bytes.view().substr(0, kHeaderBytes));
  for (const auto& part : linked.sections) {
    if (part.id == SectionId::code) {
      out += short_code(linked);
    } else if (part.id == SectionId::data) {
      out += short_data(linked, part);
    } else if (part.id != SectionId::custom) {
      out += section(part.id, part.content());
    } else if (!is_for_tools(part.name)) {
      out += custom_section(part.name, part.content());
    }
  }
  if (names == Names::none) return out + smallest_name_section();
  for (const auto& part : linked.sections) {
    if (part.name == "name") out += custom_section("name", part.content());
  }
  return out;
}

}  // namespace wasmctl::wasm
