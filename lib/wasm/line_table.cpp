#include "wasm/line_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "wasm/dwarf.hpp"
#include "wasm/reader.hpp"

namespace wasmctl::wasm {

namespace {

using dwarf::fixed;
using dwarf::text;
using dwarf::text_at;

// What a hostile module can make us keep: 200 MB of rows, a million names.
constexpr std::size_t kMaxRows = 16'000'000;
constexpr std::size_t kMaxFiles = 1'000'000;

std::uint64_t number(Reader& reader) {
  return reader.u64_leb("line information");
}

std::string joined(std::string_view directory, std::string_view file) {
  if (directory.empty() || directory == "." || file.starts_with('/')) return std::string(file);
  return fmt::format("{}/{}", directory, file);
}

}  // namespace

// One unit of .debug_line: a header with the names of files, then opcodes for a small machine.
class LineProgram {
 public:
  LineProgram(LineTable& table, std::string_view strings, std::string_view line_strings,
              std::uint64_t code_size)
      : table_(table), strings_(strings), line_strings_(line_strings), code_size_(code_size) {}

  // Runs the next unit. False if it is broken: what it gave before that is good.
  bool run(Reader& units) {
    try {
      const auto offset = units.offset();
      const auto size = fixed(units, 4);
      Reader unit = units.sub(size, "a unit of line information");
      first_file_ = table_.files_.size();
      run_unit(unit);
      table_.units_[offset] = {first_file_, table_.files_.size() - first_file_};
      return true;
    } catch (const Error&) {
      return false;
    }
  }

 private:
  void run_unit(Reader& unit) {
    version_ = fixed(unit, 2);
    if (version_ < 2 || version_ > 5) return;
    if (version_ == 5) fixed(unit, 2);  // the sizes of addresses and of segment selectors
    const auto header_size = fixed(unit, 4);
    Reader header = unit.sub(header_size, "the header of a line program");
    read_header(header);
    if (line_range_ != 0) execute(unit);
  }

  // How a name or number of a version 5 header is written.
  enum Form : std::uint64_t {
    kBlock = 0x09,
    kData1 = 0x0b,
    kData2 = 0x05,
    kData4 = 0x06,
    kData8 = 0x07,
    kData16 = 0x1e,
    kString = 0x08,
    kStringOffset = 0x0e,
    kLineStringOffset = 0x1f,
    kUnsigned = 0x0f,
  };
  enum Content : std::uint64_t { kPath = 1, kDirectoryIndex = 2 };

  struct Entry {
    std::string_view path;
    std::uint64_t directory = 0;
  };

  void read_header(Reader& header) {
    minimum_length_ = fixed(header, 1);
    if (version_ >= 4) fixed(header, 1);  // operations per instruction: for VLIW machines
    fixed(header, 1);                     // is_stmt by default: every row counts here
    line_base_ = fixed(header, 1);
    if (line_base_ > 127) line_base_ -= 256;  // a signed byte; sums wrap around as they should
    line_range_ = fixed(header, 1);
    opcode_base_ = fixed(header, 1);
    lengths_.fill(0);
    for (std::uint64_t i = 1; i < opcode_base_; ++i) lengths_[i] = fixed(header, 1);
    if (version_ >= 5) {
      const auto directories = entries(header);
      for (const auto& file : entries(header)) {
        // Directory 0 is where the compiler ran.
        const bool elsewhere = file.directory > 0 && file.directory < directories.size();
        add_file(elsewhere ? directories[file.directory].path : std::string_view(), file.path);
      }
    } else {
      read_old_names(header);
    }
  }

  // Both lists end with an empty name. Numbers begin with 1, directory 0 is where the compiler ran.
  void read_old_names(Reader& header) {
    std::vector<std::string_view> directories{""};
    for (auto name = text(header); !name.empty(); name = text(header)) directories.push_back(name);
    add_file({}, {});
    for (auto name = text(header); !name.empty(); name = text(header)) {
      const auto directory = number(header);
      number(header);  // when it was modified
      number(header);  // its size
      add_file(directory < directories.size() ? directories[directory] : std::string_view(), name);
    }
  }

  std::vector<Entry> entries(Reader& header) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> format;
    const auto fields = fixed(header, 1);
    format.reserve(fields);
    for (std::uint64_t i = 0; i < fields; ++i) {
      const auto content = number(header);
      format.emplace_back(content, number(header));
    }
    const auto count = number(header);
    if (count > 0 && (fields == 0 || count > header.remaining())) {
      header.fail("more files than can be");
    }
    std::vector<Entry> list(count);
    for (auto& entry : list) {
      for (const auto& [content, form] : format) read_field(header, content, form, entry);
    }
    return list;
  }

  void read_field(Reader& header, std::uint64_t content, std::uint64_t form, Entry& entry) {
    std::string_view path;
    std::uint64_t value = 0;
    switch (form) {
      case kString:
        path = text(header);
        break;
      case kStringOffset:
        path = text_at(strings_, fixed(header, 4));
        break;
      case kLineStringOffset:
        path = text_at(line_strings_, fixed(header, 4));
        break;
      case kUnsigned:
        value = number(header);
        break;
      case kData1:
        value = fixed(header, 1);
        break;
      case kData2:
        value = fixed(header, 2);
        break;
      case kData4:
        value = fixed(header, 4);
        break;
      case kData8:
        value = fixed(header, 8);
        break;
      case kData16:
        header.take(16, "a digest");
        break;
      case kBlock:
        header.take(number(header), "a block");
        break;
      default:
        header.fail("an unknown form in line information");
    }
    if (content == kPath) entry.path = path;
    if (content == kDirectoryIndex) entry.directory = value;
  }

  void add_file(std::string_view directory, std::string_view file) {
    if (table_.files_.size() < kMaxFiles) table_.files_.push_back(joined(directory, file));
  }

  void execute(Reader& program) {
    reset();
    while (!program.empty() && table_.rows_.size() < kMaxRows) {
      const auto opcode = fixed(program, 1);
      if (opcode >= opcode_base_) {
        special(opcode - opcode_base_);
      } else if (opcode == 0) {
        extended(program);
      } else {
        standard(program, opcode);
      }
    }
  }

  void reset() {
    address_ = 0;
    file_ = 1;
    line_ = 1;
    sequence_ = table_.rows_.size();
  }

  void special(std::uint64_t adjusted) {
    address_ += adjusted / line_range_ * minimum_length_;
    line_ += line_base_ + adjusted % line_range_;
    add_row();
  }

  void standard(Reader& program, std::uint64_t opcode) {
    switch (opcode) {
      case 1:  // copy
        return add_row();
      case 2:  // advance_pc
        address_ += number(program) * minimum_length_;
        return;
      case 3:  // advance_line
        line_ += static_cast<std::uint64_t>(program.signed_leb(64, "a line"));
        return;
      case 4:  // set_file
        file_ = number(program);
        return;
      case 8:  // const_add_pc
        address_ += (255 - opcode_base_) / line_range_ * minimum_length_;
        return;
      case 9:  // fixed_advance_pc
        address_ += fixed(program, 2);
        return;
      default:  // columns, statements, blocks, prologues: only their operands matter
        for (std::uint64_t i = 0; i < lengths_[opcode]; ++i) number(program);
    }
  }

  void extended(Reader& program) {
    const auto size = number(program);
    Reader operands = program.sub(size, "an extended opcode");
    if (operands.empty()) return;
    switch (fixed(operands, 1)) {
      case 1:  // end_sequence
        end_sequence();
        return reset();
      case 2:  // set_address
        address_ = fixed(operands, std::min<std::size_t>(operands.remaining(), 8));
        return;
      default:
        return;
    }
  }

  void add_row() {
    const auto number_of_files = table_.files_.size() - first_file_;
    const auto file = file_ < number_of_files ? static_cast<std::uint32_t>(first_file_ + file_)
                                              : LineTable::kNoFile;
    add_row(file);
  }

  void add_row(std::uint32_t file) {
    if (table_.rows_.size() == kMaxRows) return;
    // Too large for any module's code: marks a sequence of a function that was left out.
    const auto address = static_cast<std::uint32_t>(std::min<std::uint64_t>(address_, UINT32_MAX));
    table_.rows_.push_back({address, file, static_cast<std::uint32_t>(line_)});
  }

  // Linkers leave the lines of functions that they drop, at address 0 or far behind the code.
  void end_sequence() {
    add_row(LineTable::kNoFile);
    auto& rows = table_.rows_;
    if (sequence_ >= rows.size()) return;
    const auto first = rows[sequence_].address;
    if (first == 0 || first >= code_size_) {
      rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(sequence_), rows.end());
    }
  }

  LineTable& table_;
  std::string_view strings_;
  std::string_view line_strings_;
  std::uint64_t code_size_;
  std::uint64_t version_ = 0;
  std::uint64_t minimum_length_ = 1;
  std::uint64_t line_base_ = 0;
  std::uint64_t line_range_ = 0;
  std::uint64_t opcode_base_ = 0;
  std::array<std::uint64_t, 256> lengths_{};
  std::size_t first_file_ = 0;
  // The machine's registers.
  std::uint64_t address_ = 0;
  std::uint64_t file_ = 1;
  std::uint64_t line_ = 1;
  std::size_t sequence_ = 0;  // the row that begins it
};

LineTable::LineTable(const Module& module) {
  const auto* const code = module.find_section(SectionId::code);
  if (code == nullptr) return;
  code_ = code->payload;
  LineProgram program(*this, dwarf::section(module, ".debug_str"),
                      dwarf::section(module, ".debug_line_str"), code->content().size());
  Reader units(dwarf::section(module, ".debug_line"));
  bool good = true;
  while (good && !units.empty()) good = program.run(units);
  // Sequences stand in the order of the compiler's units. Of rows at one address the last counts,
  // but an end counts less than what begins there.
  std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
    if (a.address != b.address) return a.address < b.address;
    return (a.file == kNoFile) > (b.file == kNoFile);
  });
}

std::string_view LineTable::file(std::uint64_t unit, std::uint64_t number) const {
  const auto found = units_.find(unit);
  if (found == units_.end() || number >= found->second.count) return {};
  return files_[found->second.first + number];
}

std::optional<Place> LineTable::find(std::size_t offset) const {
  if (offset < code_) return std::nullopt;
  const auto address = offset - code_;
  auto row = std::upper_bound(rows_.begin(), rows_.end(), address,
                              [](std::size_t at, const Row& r) { return at < r.address; });
  if (row == rows_.begin()) return std::nullopt;
  --row;
  if (row->file == kNoFile || row->line == 0) return std::nullopt;
  return Place{files_[row->file], row->line};
}

}  // namespace wasmctl::wasm
