#include "wasm/inlined_calls.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>

#include "base/error.hpp"
#include "wasm/dwarf.hpp"
#include "wasm/names.hpp"
#include "wasm/reader.hpp"

namespace wasmctl::wasm {

namespace {

using dwarf::fixed;

enum Tag : std::uint64_t {
  kInlinedSubroutine = 0x1d,
  kSubprogram = 0x2e,
};

enum Attribute : std::uint64_t {
  kName = 0x03,
  kStatements = 0x10,
  kLowAddress = 0x11,
  kHighAddress = 0x12,
  kOrigin = 0x31,
  kDeclaredFile = 0x3a,
  kDeclaredLine = 0x3b,
  kSpecification = 0x47,
  kRanges = 0x55,
  kCallFile = 0x58,
  kCallLine = 0x59,
  kLinkageName = 0x6e,
  kStringOffsetsBase = 0x72,
  kAddressBase = 0x73,
  kRangeListsBase = 0x74,
};

enum Form : std::uint64_t {
  kAddress = 0x01,
  kBlock2 = 0x03,
  kBlock4 = 0x04,
  kData2 = 0x05,
  kData4 = 0x06,
  kData8 = 0x07,
  kString = 0x08,
  kBlock = 0x09,
  kBlock1 = 0x0a,
  kData1 = 0x0b,
  kFlag = 0x0c,
  kSigned = 0x0d,
  kStringAt = 0x0e,
  kUnsigned = 0x0f,
  kReferenceInSection = 0x10,
  kReference1 = 0x11,
  kReference2 = 0x12,
  kReference4 = 0x13,
  kReference8 = 0x14,
  kReferenceUnsigned = 0x15,
  kIndirect = 0x16,
  kSectionOffset = 0x17,
  kExpression = 0x18,
  kPresent = 0x19,
  kStringIndex = 0x1a,
  kAddressIndex = 0x1b,
  kReferenceElsewhere4 = 0x1c,
  kStringElsewhere = 0x1d,
  kData16 = 0x1e,
  kLineStringAt = 0x1f,
  kSignature = 0x20,
  kImplicit = 0x21,
  kLocationIndex = 0x22,
  kRangesIndex = 0x23,
  kReferenceElsewhere8 = 0x24,
  kStringIndex1 = 0x25,
  kStringIndex2 = 0x26,
  kStringIndex3 = 0x27,
  kStringIndex4 = 0x28,
  kAddressIndex1 = 0x29,
  kAddressIndex2 = 0x2a,
  kAddressIndex3 = 0x2b,
  kAddressIndex4 = 0x2c,
};

struct AttributeForm {
  std::uint64_t attribute = 0;
  std::uint64_t form = 0;
  std::uint64_t implicit = 0;  // the value itself, of kImplicit
};

struct Abbreviation {
  std::uint64_t tag = 0;
  std::vector<AttributeForm> fields;
};

// A value as far as it can be read without knowing the bases of the unit.
struct Value {
  std::uint64_t form = 0;
  std::uint64_t number = 0;
  std::string_view text;  // of kString
};

std::uint64_t unsigned_leb(Reader& reader) {
  return reader.u64_leb("debug information");
}

std::map<std::uint64_t, Abbreviation> read_abbreviations(std::string_view section,
                                                         std::uint64_t offset) {
  // Fields without bytes of their own would make an entry of one byte cost as much as there are.
  constexpr std::size_t kMaxFields = 200;
  std::map<std::uint64_t, Abbreviation> table;
  if (offset >= section.size()) return table;
  Reader reader(section.substr(offset));
  for (auto code = unsigned_leb(reader); code != 0; code = unsigned_leb(reader)) {
    Abbreviation abbreviation{unsigned_leb(reader), {}};
    reader.byte("whether it has children");
    for (;;) {
      AttributeForm field{unsigned_leb(reader), unsigned_leb(reader), 0};
      if (field.form == kImplicit) {
        field.implicit = static_cast<std::uint64_t>(reader.signed_leb(64, "a value"));
      }
      if (field.attribute == 0 && field.form == 0) break;
      if (abbreviation.fields.size() == kMaxFields) reader.fail("too many attributes");
      abbreviation.fields.push_back(field);
    }
    table.emplace(code, std::move(abbreviation));
  }
  return table;
}

bool is_reference_in_unit(std::uint64_t form) {
  return form >= kReference1 && form <= kReferenceUnsigned;
}

constexpr int kMaxSteps = 4;  // from an instance of a function to its name

class UnitReader;

// The readers of all units, each made when it is first asked for.
class Units {
 public:
  Units(const InlinedCalls::Sections& sections, std::span<const InlinedCalls::Unit> units)
      : sections_(sections), units_(units), readers_(units.size()) {}

  std::size_t size() const { return units_.size(); }
  // Throws Error{Code::bad_input} if the unit is broken.
  UnitReader& reader(std::size_t unit);
  // Many units may name one long table: what all tables hold is bounded.
  void count_fields(const std::map<std::uint64_t, Abbreviation>& table, const Reader& reader) {
    constexpr std::size_t kMaxFields = 20'000'000;
    for (const auto& [code, abbreviation] : table) fields_ += abbreviation.fields.size() + 1;
    if (fields_ > kMaxFields) reader.fail("too many abbreviations");
  }
  // Of the unit in which the offset in .debug_info is; null: there is none.
  UnitReader* find(std::uint64_t offset);

 private:
  const InlinedCalls::Sections& sections_;
  std::span<const InlinedCalls::Unit> units_;
  std::vector<std::shared_ptr<UnitReader>> readers_;
  std::size_t fields_ = 0;
};

// The entries of one unit.
class UnitReader {
 public:
  UnitReader(const InlinedCalls::Sections& sections, Units& units, const InlinedCalls::Unit& unit)
      : sections_(sections),
        units_(units),
        unit_(unit),
        abbreviations_(read_abbreviations(sections_.abbreviations, unit.abbreviations)) {
    Reader reader = reader_at(unit.entries);
    units_.count_fields(abbreviations_, reader);
    if (const auto root = next(reader)) read_bases(*root);
  }

  // False only if it says where its code is, and that is elsewhere.
  bool may_cover(std::uint64_t address) {
    Reader reader = reader_at(unit_.entries);
    const auto root = next(reader);
    if (!root) return false;
    const bool says = root->find(kRanges) != nullptr || root->find(kHighAddress) != nullptr;
    return !says || covers(*root, address);
  }

  std::vector<InlinedCall> at(std::uint64_t address, const LineTable& lines) {
    constexpr std::size_t kMaxCalls = 100;  // one in another
    std::vector<InlinedCall> calls;
    Reader reader = reader_at(unit_.entries);
    while (const auto entry = next(reader)) {
      if (calls.size() == kMaxCalls) break;
      if (entry->tag != kInlinedSubroutine || !covers(*entry, address)) continue;
      const auto* const line = entry->find(kCallLine);
      const auto* const file = entry->find(kCallFile);
      Place place;
      if (line != nullptr && file != nullptr) {
        place = {std::string(lines.file(statements_, file->number)),
                 static_cast<std::uint32_t>(line->number)};
      }
      calls.push_back({name_of(*entry, kMaxSteps), std::move(place)});
    }
    return calls;
  }

  // Tells `found(tag, what it is, begin, end)` of each stretch of code that is a function's, or was
  // put in the place of a call: what is around it comes first.
  template <typename Found>
  void each_function(const LineTable& lines, Found found) {
    Reader reader = reader_at(unit_.entries);
    while (const auto entry = next(reader)) {
      if (entry->tag != kInlinedSubroutine && entry->tag != kSubprogram) continue;
      std::optional<FunctionName> name;
      any_range(*entry, [&](std::uint64_t begin, std::uint64_t end) {
        if (begin == 0 || begin >= end) return false;  // dropped by the linker
        if (!name) name = describe(*entry, lines);
        found(static_cast<Tag>(entry->tag), *name, begin, end);
        return false;
      });
    }
  }

 private:
  struct Entry {
    std::uint64_t tag = 0;
    std::vector<std::pair<std::uint64_t, Value>> values;

    const Value* find(std::uint64_t attribute) const {
      const auto found =
          std::ranges::find(values, attribute, &std::pair<std::uint64_t, Value>::first);
      return found == values.end() ? nullptr : &found->second;
    }
  };

  Reader reader_at(std::size_t offset) const {
    return Reader(sections_.info.substr(offset, unit_.end - offset), offset);
  }

  // Null behind the last one. Those that only close a list of children are passed over.
  std::optional<Entry> next(Reader& reader) const {
    while (!reader.empty()) {
      const auto code = unsigned_leb(reader);
      if (code == 0) continue;
      const auto abbreviation = abbreviations_.find(code);
      if (abbreviation == abbreviations_.end()) reader.fail("an unknown abbreviation");
      Entry entry{abbreviation->second.tag, {}};
      entry.values.reserve(abbreviation->second.fields.size());
      for (const auto& field : abbreviation->second.fields) {
        entry.values.emplace_back(field.attribute, read(reader, field.form, field.implicit));
      }
      return entry;
    }
    return std::nullopt;
  }

  Value read(Reader& reader, std::uint64_t form, std::uint64_t implicit) const {
    const auto number = [&](std::size_t size) { return Value{form, fixed(reader, size), {}}; };
    const auto skip = [&](std::uint64_t size) {
      reader.take(size, "a block");
      return Value{form, 0, {}};
    };
    switch (form) {
      case kPresent:
        return {form, 1, {}};
      case kImplicit:
        return {form, implicit, {}};
      case kAddress:
        return number(unit_.address_size);
      case kData1:
      case kFlag:
      case kReference1:
      case kStringIndex1:
      case kAddressIndex1:
        return number(1);
      case kData2:
      case kReference2:
      case kStringIndex2:
      case kAddressIndex2:
        return number(2);
      case kStringIndex3:
      case kAddressIndex3:
        return number(3);
      case kData4:
      case kReference4:
      case kStringAt:
      case kLineStringAt:
      case kSectionOffset:
      case kStringElsewhere:
      case kReferenceElsewhere4:
      case kStringIndex4:
      case kAddressIndex4:
        return number(4);
      case kReferenceInSection:
        return number(unit_.version == 2 ? unit_.address_size : 4);
      case kData8:
      case kReference8:
      case kSignature:
      case kReferenceElsewhere8:
        return number(8);
      case kUnsigned:
      case kReferenceUnsigned:
      case kStringIndex:
      case kAddressIndex:
      case kLocationIndex:
      case kRangesIndex:
        return {form, unsigned_leb(reader), {}};
      case kSigned:
        return {form, static_cast<std::uint64_t>(reader.signed_leb(64, "a value")), {}};
      case kString:
        return {form, 0, dwarf::text(reader)};
      case kData16:
        return skip(16);
      case kBlock1:
        return skip(fixed(reader, 1));
      case kBlock2:
        return skip(fixed(reader, 2));
      case kBlock4:
        return skip(fixed(reader, 4));
      case kBlock:
      case kExpression:
        return skip(unsigned_leb(reader));
      case kIndirect: {
        const auto real = unsigned_leb(reader);
        if (real == kIndirect || real == kImplicit) reader.fail("a form that leads nowhere");
        return read(reader, real, 0);
      }
      default:
        reader.fail("an unknown form in debug information");
    }
  }

  void read_bases(const Entry& root) {
    const auto number = [&](Attribute attribute, std::uint64_t otherwise) {
      const auto* const value = root.find(attribute);
      return value == nullptr ? otherwise : value->number;
    };
    constexpr std::uint64_t kHeader = 8;  // of a section in version 5, where no base is given
    statements_ = number(kStatements, UINT64_MAX);
    string_offsets_base_ = number(kStringOffsetsBase, kHeader);
    address_base_ = number(kAddressBase, kHeader);
    range_lists_base_ = number(kRangeListsBase, kHeader + 4);
    if (const auto* const low = root.find(kLowAddress)) base_ = address(*low).value_or(0);
  }

  // The number at `offset` in a section; null beyond its end.
  static std::optional<std::uint64_t> number_at(std::string_view section, std::uint64_t offset,
                                                std::size_t size) {
    if (offset > section.size() || section.size() - offset < size) return std::nullopt;
    Reader reader(section.substr(offset));
    return fixed(reader, size);
  }

  std::optional<std::uint64_t> address_of_index(std::uint64_t index) const {
    if (index > sections_.addresses.size()) return std::nullopt;
    return number_at(sections_.addresses, address_base_ + index * unit_.address_size,
                     unit_.address_size);
  }

  std::optional<std::uint64_t> address(const Value& value) const {
    const bool is_index = value.form == kAddressIndex ||
                          (value.form >= kAddressIndex1 && value.form <= kAddressIndex4);
    return is_index ? address_of_index(value.number) : value.number;
  }

  std::string_view text(const Value& value) const {
    switch (value.form) {
      case kString:
        return value.text;
      case kStringAt:
        return dwarf::text_at(sections_.strings, value.number);
      case kLineStringAt:
        return dwarf::text_at(sections_.line_strings, value.number);
      case kStringIndex:
      case kStringIndex1:
      case kStringIndex2:
      case kStringIndex3:
      case kStringIndex4: {
        if (value.number > sections_.string_offsets.size()) return {};
        const auto offset =
            number_at(sections_.string_offsets, string_offsets_base_ + value.number * 4, 4);
        return offset ? dwarf::text_at(sections_.strings, *offset) : std::string_view();
      }
      default:
        return {};
    }
  }

  bool covers(const Entry& entry, std::uint64_t at) const {
    return any_range(entry,
                     [&](std::uint64_t begin, std::uint64_t end) { return is_in(begin, end, at); });
  }

  // Whether `is` says yes to a stretch of the entry's code.
  template <typename Is>
  bool any_range(const Entry& entry, Is is) const {
    if (const auto* const ranges = entry.find(kRanges)) return any_of_ranges(*ranges, is);
    const auto* const low = entry.find(kLowAddress);
    const auto* const high = entry.find(kHighAddress);
    if (low == nullptr || high == nullptr) return false;
    const auto begin = address(*low);
    const bool is_address = high->form == kAddress || high->form == kAddressIndex ||
                            (high->form >= kAddressIndex1 && high->form <= kAddressIndex4);
    const auto end = is_address ? address(*high) : begin.value_or(0) + high->number;
    return begin && end && is(*begin, *end);
  }

  // What linkers drop begins at 0, where no function does.
  static bool is_in(std::uint64_t begin, std::uint64_t end, std::uint64_t at) {
    return begin != 0 && begin <= at && at < end;
  }

  // Many entries may name one long list.
  void count_range(const Reader& reader) const {
    constexpr std::size_t kMaxRanges = 10'000'000;
    if (++ranges_read_ > kMaxRanges) reader.fail("too many ranges");
  }

  template <typename Is>
  bool any_of_ranges(const Value& value, Is is) const {
    if (unit_.version < 5) return any_of_old_ranges(value.number, is);
    auto offset = value.number;
    if (value.form == kRangesIndex) {
      if (value.number > sections_.range_lists.size()) return false;
      const auto entry = number_at(sections_.range_lists, range_lists_base_ + value.number * 4, 4);
      if (!entry) return false;
      offset = range_lists_base_ + *entry;
    }
    return any_of_range_list(offset, is);
  }

  // Pairs of addresses, counted from a base that a pair may set; two zeros end them.
  template <typename Is>
  bool any_of_old_ranges(std::uint64_t offset, Is is) const {
    if (offset >= sections_.ranges.size()) return false;
    Reader reader(sections_.ranges.substr(offset));
    const auto size = unit_.address_size;
    const auto sets_base = size == 8 ? UINT64_MAX : (1ULL << (8 * size)) - 1;
    auto base = base_;
    while (!reader.empty()) {
      count_range(reader);
      const auto begin = fixed(reader, size);
      const auto end = fixed(reader, size);
      if (begin == 0 && end == 0) return false;
      if (begin == sets_base) {
        base = end;
      } else if (is(base + begin, base + end)) {
        return true;
      }
    }
    return false;
  }

  template <typename Is>
  bool any_of_range_list(std::uint64_t offset, Is is) const {
    enum Kind : std::uint64_t {
      kEnd = 0,
      kBaseIndex = 1,
      kStartEndIndex = 2,
      kStartIndexLength = 3,
      kOffsets = 4,
      kBase = 5,
      kStartEnd = 6,
      kStartLength = 7,
    };
    if (offset >= sections_.range_lists.size()) return false;
    Reader reader(sections_.range_lists.substr(offset));
    const auto leb = [&] { return unsigned_leb(reader); };
    const auto plain = [&] { return fixed(reader, unit_.address_size); };
    const auto indexed = [&] { return address_of_index(leb()).value_or(0); };
    auto base = base_;
    for (;;) {
      count_range(reader);
      std::uint64_t begin = 0;
      std::uint64_t end = 0;
      switch (fixed(reader, 1)) {
        case kBaseIndex:
          base = indexed();
          continue;
        case kBase:
          base = plain();
          continue;
        case kStartEndIndex:
          begin = indexed();
          end = indexed();
          break;
        case kStartIndexLength:
          begin = indexed();
          end = begin + leb();
          break;
        case kOffsets:
          begin = base + leb();
          end = base + leb();
          break;
        case kStartEnd:
          begin = plain();
          end = plain();
          break;
        case kStartLength:
          begin = plain();
          end = begin + leb();
          break;
        default:
          return false;
      }
      if (is(begin, end)) return true;
    }
  }

  // The name of a function that was inlined: that of its abstract instance, which may have it from
  // its declaration. With LTO both may be in other units.
  std::string name_of(const Entry& entry, int steps) const {
    if (const auto* const linkage = entry.find(kLinkageName)) {
      const std::string symbol(text(*linkage));
      const auto whole = demangle(symbol);
      // What would be too long stays mangled.
      const auto* const name = whole.starts_with("_Z") ? entry.find(kName) : nullptr;
      if (!whole.empty()) return name == nullptr ? whole : std::string(text(*name));
    }
    if (const auto* const name = entry.find(kName)) return std::string(text(*name));
    const auto* onward = entry.find(kOrigin);
    if (onward == nullptr) onward = entry.find(kSpecification);
    if (onward == nullptr || steps == 0) return {};
    if (is_reference_in_unit(onward->form)) {
      return onward->number > unit_.end ? "" : name_at(unit_.begin + onward->number, steps - 1);
    }
    if (onward->form != kReferenceInSection) return {};
    const auto* const unit = units_.find(onward->number);
    return unit == nullptr ? "" : unit->name_at(onward->number, steps - 1);
  }

  std::string name_at(std::size_t offset, int steps) const {
    if (offset < unit_.entries || offset >= unit_.end) return {};
    Reader reader = reader_at(offset);
    const auto entry = next(reader);
    return entry ? name_of(*entry, steps) : "";
  }

  // An entry that says where it is defined, or what it stands for, says so for those that stand for
  // it.
  FunctionName describe(const Entry& entry, const LineTable& lines) {
    return {name_of(entry, kMaxSteps), place_of(entry, lines, kMaxSteps)};
  }

  Place place_of(const Entry& entry, const LineTable& lines, int steps) const {
    const auto* const line = entry.find(kDeclaredLine);
    if (const auto* const file = entry.find(kDeclaredFile); line != nullptr && file != nullptr) {
      return {std::string(lines.file(statements_, file->number)),
              static_cast<std::uint32_t>(line->number)};
    }
    const auto* onward = entry.find(kOrigin);
    if (onward == nullptr) onward = entry.find(kSpecification);
    if (onward == nullptr || steps == 0) return {};
    const bool is_near = is_reference_in_unit(onward->form);
    if (!is_near && onward->form != kReferenceInSection) return {};
    const auto offset = is_near ? unit_.begin + onward->number : onward->number;
    const auto* const unit = is_near ? this : units_.find(offset);
    return unit == nullptr ? Place() : unit->place_at(offset, lines, steps - 1);
  }

  Place place_at(std::size_t offset, const LineTable& lines, int steps) const {
    if (offset < unit_.entries || offset >= unit_.end) return {};
    Reader reader = reader_at(offset);
    const auto entry = next(reader);
    return entry ? place_of(*entry, lines, steps) : Place();
  }

  const InlinedCalls::Sections& sections_;
  Units& units_;
  const InlinedCalls::Unit& unit_;
  std::map<std::uint64_t, Abbreviation> abbreviations_;
  std::uint64_t statements_ = 0;  // its unit of .debug_line
  std::uint64_t string_offsets_base_ = 0;
  std::uint64_t address_base_ = 0;
  std::uint64_t range_lists_base_ = 0;
  std::uint64_t base_ = 0;  // of its ranges
  mutable std::size_t ranges_read_ = 0;
};

UnitReader& Units::reader(std::size_t unit) {
  auto& reader = readers_[unit];
  if (!reader) reader = std::make_shared<UnitReader>(sections_, *this, units_[unit]);
  return *reader;
}

UnitReader* Units::find(std::uint64_t offset) {
  const auto unit = std::ranges::find_if(
      units_, [&](const auto& other) { return other.begin <= offset && offset < other.end; });
  return unit == units_.end() ? nullptr : &reader(static_cast<std::size_t>(unit - units_.begin()));
}

// Puts functions into the code, those that are in others after them.
class FunctionsInCode {
 public:
  FunctionsInCode(std::size_t begin, std::size_t size) : begin_(begin) {
    result_.at.resize(begin + size, PlacedFunction::kNone);
  }

  void add(Tag tag, const FunctionName& name, std::uint64_t begin, std::uint64_t end) {
    const auto size = result_.at.size() - begin_;
    if (end > size) return;
    room_ -= std::min(room_, end - begin);
    if (room_ == 0) return;
    auto outer = PlacedFunction::kNone;
    auto inner = PlacedFunction::kNone;
    for (auto at = begin; at < end; ++at) {
      auto& function = result_.at[begin_ + at];
      const auto around = tag == kSubprogram ? PlacedFunction::kNone : function;
      if (at == begin || around != outer) inner = find(outer = around, name);
      function = inner;
    }
  }

  PlacedFunctions take() { return std::move(result_); }

 private:
  std::uint32_t find(std::uint32_t outer, const FunctionName& name) {
    constexpr std::size_t kMaxCalls = 100;  // one in another
    const auto depth = outer == PlacedFunction::kNone ? 0 : depths_[outer] + 1;
    if (depth == kMaxCalls) return outer;
    const auto next = static_cast<std::uint32_t>(result_.functions.size());
    const auto [found, is_new] = known_.emplace(
        std::tuple(outer, name.function, name.defined.file, name.defined.line), next);
    if (is_new) {
      result_.functions.push_back({outer, name});
      depths_.push_back(depth);
    }
    return found->second;
  }

  // What a hostile module may make us write: far more than is in code with calls in calls.
  std::uint64_t room_ = std::uint64_t{1} << 30U;
  std::size_t begin_;
  PlacedFunctions result_;
  std::vector<std::size_t> depths_;
  std::map<std::tuple<std::uint32_t, std::string, std::string, std::uint32_t>, std::uint32_t>
      known_;
};

}  // namespace

InlinedCalls::InlinedCalls(const Module& module) {
  const auto* const code = module.find_section(SectionId::code);
  if (code == nullptr) return;
  code_ = code->payload;
  const auto section = [&](std::string_view name) { return dwarf::section(module, name); };
  sections_ = {section(".debug_info"),     section(".debug_abbrev"),      section(".debug_str"),
               section(".debug_line_str"), section(".debug_str_offsets"), section(".debug_addr"),
               section(".debug_ranges"),   section(".debug_rnglists")};
  Reader reader(sections_.info);
  try {
    while (!reader.empty()) {
      Unit unit;
      unit.begin = reader.offset();
      Reader content = reader.sub(fixed(reader, 4), "a unit of debug information");
      unit.end = reader.offset();
      unit.version = fixed(content, 2);
      if (unit.version < 2 || unit.version > 5) continue;
      const auto type = unit.version == 5 ? fixed(content, 1) : 1;
      if (unit.version == 5) unit.address_size = fixed(content, 1);
      unit.abbreviations = fixed(content, 4);
      if (unit.version < 5) unit.address_size = fixed(content, 1);
      unit.entries = content.offset();
      constexpr std::uint64_t kCompiled = 1;  // the others hold types, or only name another file
      const bool fits = unit.address_size == 4 || unit.address_size == 8;
      if (type == kCompiled && fits && !content.empty()) units_.push_back(unit);
    }
  } catch (const Error&) {  // what was read before is good
  }
}

std::vector<InlinedCall> InlinedCalls::at(std::size_t offset, const LineTable& lines) const {
  if (offset < code_) return {};
  const auto address = offset - code_;
  Units units(sections_, units_);
  for (std::size_t unit = 0; unit < units.size(); ++unit) {
    try {
      auto& reader = units.reader(unit);
      if (!reader.may_cover(address)) continue;
      if (auto calls = reader.at(address, lines); !calls.empty()) return calls;
    } catch (const Error&) {  // a broken unit: what it says cannot be trusted
    }
  }
  return {};
}

PlacedFunctions InlinedCalls::functions(const LineTable& lines, std::size_t size) const {
  FunctionsInCode code(code_, size - std::min(size, code_));
  Units units(sections_, units_);
  for (std::size_t unit = 0; unit < units.size(); ++unit) {
    try {
      units.reader(unit).each_function(lines, [&](auto tag, const auto& name, auto begin,
                                                  auto end) { code.add(tag, name, begin, end); });
    } catch (const Error&) {  // what was read before is good
    }
  }
  return code.take();
}

}  // namespace wasmctl::wasm
