#include "wasm/module.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "wasm/code.hpp"
#include "wasm/header.hpp"
#include "wasm/reader.hpp"
#include "wasm/subtypes.hpp"

namespace wasmctl::wasm {

namespace {

// V8 refuses a module beyond these (v8:src/wasm/wasm-limits.h), so nothing is lost by refusing it
// here, and what a hostile module can make us allocate stays bounded.
constexpr std::uint32_t kMaxTypes = 1'000'000;
constexpr std::uint32_t kMaxFunctions = 1'000'000;
constexpr std::uint32_t kMaxImports = 1'000'000;
constexpr std::uint32_t kMaxExports = 1'000'000;
constexpr std::uint32_t kMaxMemories = 100'000;
constexpr std::uint32_t kMaxGlobals = 1'000'000;
constexpr std::uint32_t kMaxParameters = 1'000;
constexpr std::uint32_t kMaxFields = 10'000;
constexpr std::uint32_t kMaxTags = 1'000'000;
constexpr std::uint32_t kMaxSegments = 1'000'000;
constexpr std::size_t kMaxSections = 100'000;

// Function types and composite ones, and what may stand before them.
enum TypeCode : std::uint8_t {
  kFunctionForm = 0x60,
  kStructForm = 0x5f,
  kArrayForm = 0x5e,
  kSubForm = 0x50,
  kFinalSubForm = 0x4f,
  kRecursiveGroup = 0x4e,
  kContinuationForm = 0x5d,
};

std::uint32_t bounded_count(Reader& reader, std::string_view what, std::uint32_t most) {
  const Reader start = reader;
  const auto count = reader.count(what);
  if (count > most) start.fail(fmt::format("{} {} are too many", count, what));
  return count;
}

ExternalKind external_kind(Reader& reader, std::string_view what) {
  const Reader start = reader;
  const auto kind = reader.byte(what);
  if (kind > static_cast<std::uint8_t>(ExternalKind::tag)) {
    start.fail(fmt::format("{} is of unknown kind {}", what, kind));
  }
  return static_cast<ExternalKind>(kind);
}

// Reads the sections of one module into it, a function for each.
class Parser {
 public:
  explicit Parser(base::Content bytes) : bytes_(bytes.view()) { module_.bytes = std::move(bytes); }

  Module parse() {
    Reader reader(bytes_);
    check_header(reader, bytes_);
    while (!reader.empty()) section(reader);
    check_counts(reader);
    return std::move(module_);
  }

 private:
  void check_counts(const Reader& end) {
    if (module_.memories.size() > 1) module_.features.add(Feature::multi_memory);
    if (module_.tables.size() > 1) module_.features.add(Feature::reference_types);
    if (module_.bodies.size() != module_.functions.size()) {
      end.fail(fmt::format("{} functions are declared, but {} have code", module_.functions.size(),
                           module_.bodies.size()));
    }
    if (module_.data_count && *module_.data_count != module_.data.size()) {
      end.fail(fmt::format("{} data segments are declared, but there are {}", *module_.data_count,
                           module_.data.size()));
    }
  }

  void section(Reader& reader) {
    const Reader start = reader;
    if (module_.sections.size() == kMaxSections) start.fail("too many sections");
    Section section;
    section.begin = reader.offset();
    const auto id = reader.byte("a section");
    if (id > static_cast<std::uint8_t>(SectionId::tag)) {
      start.fail(fmt::format("unknown section id {}", id));
    }
    section.id = static_cast<SectionId>(id);
    const auto what = fmt::format("section {} ({})", id, to_string(section.id));
    const auto size = reader.u32_leb(what);
    Reader content = reader.sub(size, what);
    section.end = reader.offset();
    if (section.id == SectionId::custom) {
      section.name = content.name("the name of a custom section");
    } else {
      check_order(section.id, what, start);
    }
    section.payload = content.offset();
    section.bytes = bytes_.substr(section.begin, section.end - section.begin);
    read(section.id, content, what);
    module_.sections.push_back(std::move(section));
  }

  // Each at most once and in the specification's order, which is not that of the ids: tags come
  // before globals, the data count before the code.
  void check_order(SectionId id, std::string_view what, const Reader& at) {
    constexpr SectionId kOrder[] = {SectionId::type,    SectionId::import,     SectionId::function,
                                    SectionId::table,   SectionId::memory,     SectionId::tag,
                                    SectionId::global,  SectionId::exports,    SectionId::start,
                                    SectionId::element, SectionId::data_count, SectionId::code,
                                    SectionId::data};
    const auto position = std::find(std::begin(kOrder), std::end(kOrder), id) - kOrder;
    if (position < next_in_order_) at.fail(fmt::format("{} stands twice or out of order", what));
    next_in_order_ = position + 1;
  }

  void read(SectionId id, Reader& content, std::string_view what) {
    switch (id) {
      case SectionId::type:
        types(content);
        break;
      case SectionId::import:
        imports(content);
        break;
      case SectionId::function:
        functions(content);
        break;
      case SectionId::table:
        tables(content);
        break;
      case SectionId::memory:
        memories(content);
        break;
      case SectionId::global:
        globals(content);
        break;
      case SectionId::exports:
        exports(content);
        break;
      case SectionId::start:
        module_.start = content.u32_leb("the start function");
        break;
      case SectionId::code:
        code(content);
        break;
      case SectionId::element:
        elements(content);
        break;
      case SectionId::data_count:
        module_.data_count = content.u32_leb("the number of data segments");
        module_.features.add(Feature::bulk_memory);
        break;
      case SectionId::data:
        data(content);
        break;
      case SectionId::tag:
        tags(content);
        break;
      case SectionId::custom:
        return;  // anybody's
    }
    if (!content.empty()) {
      content.fail(fmt::format("{} has {} bytes too many", what, content.remaining()));
    }
  }

  ValueType value_type(Reader& content) {
    const auto type = read_value_type(content, known_types_);
    module_.features.add(features_of(type));
    return type;
  }

  bool mutability(Reader& content, std::string_view what) {
    const Reader start = content;
    const auto byte = content.byte(what);
    if (byte > 1) start.fail(fmt::format("{} has the mutability {:#04x}", what, byte));
    return byte == 1;
  }

  std::vector<ValueType> value_types(Reader& content, std::string_view what) {
    const auto count = bounded_count(content, what, kMaxParameters);
    std::vector<ValueType> types;
    types.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) types.push_back(value_type(content));
    return types;
  }

  Limits limits(Reader& content) {
    const Reader start = content;
    const unsigned flags = content.byte("limits");
    if (flags > 15) start.fail(fmt::format("unknown flags {:#04x} of limits", flags));
    Limits result;
    result.offset = start.offset();
    result.shared = (flags & 2U) != 0;
    result.is_64 = (flags & 4U) != 0;
    if (result.shared) module_.features.add(Feature::threads);
    if (result.is_64) module_.features.add(Feature::memory64);
    const auto bound = [&] {
      return result.is_64 ? content.u64_leb("limits") : content.u32_leb("limits");
    };
    result.minimum = bound();
    if ((flags & 1U) != 0) result.maximum = bound();
    if ((flags & 8U) != 0) {
      module_.features.add(Feature::custom_page_sizes);
      result.page_log2 = content.u32_leb("a page size");
    }
    return result;
  }

  void types(Reader& content) {
    const auto count = bounded_count(content, "types", kMaxTypes);
    for (std::uint32_t i = 0; i < count; ++i) recursive_group(content);
    number_types(module_.types);
  }

  // Types of one group may refer to each other, whatever their order.
  void recursive_group(Reader& content) {
    Reader ahead = content;
    std::uint32_t count = 1;
    if (ahead.byte("a type") == kRecursiveGroup) {
      module_.features.add(Feature::gc);
      count = bounded_count(ahead, "types", kMaxTypes);
      content = ahead;
    }
    const auto group = static_cast<std::uint32_t>(module_.types.size());
    if (count > kMaxTypes - group) content.fail("too many types");
    known_types_ = group + count;
    for (std::uint32_t i = 0; i < count; ++i) module_.types.push_back(type(content, group));
  }

  DefinedType type(Reader& content, std::uint32_t group) {
    DefinedType type;
    type.group = group;
    type.offset = content.offset();
    const Reader start = content;
    auto form = content.byte("a type");
    if (form == kSubForm || form == kFinalSubForm) {
      module_.features.add(Feature::gc);
      type.is_final = form == kFinalSubForm;
      const auto supertypes = content.count("supertypes");
      if (supertypes > 1) start.fail(fmt::format("a type has {} supertypes", supertypes));
      if (supertypes == 1) type.supertype = known_type(content, "a supertype");
      form = content.byte("a type");
    }
    switch (form) {
      case kFunctionForm:
        type.function.parameters = value_types(content, "parameters");
        type.function.results = value_types(content, "results");
        if (type.function.results.size() > 1) module_.features.add(Feature::multi_value);
        break;
      case kStructForm: {
        type.form = TypeForm::structure;
        const auto fields = bounded_count(content, "fields", kMaxFields);
        type.fields.reserve(fields);
        for (std::uint32_t i = 0; i < fields; ++i) type.fields.push_back(field(content));
        break;
      }
      case kArrayForm:
        type.form = TypeForm::array;
        type.fields.push_back(field(content));
        break;
      case kContinuationForm:
        start.fail(
            fmt::format("type {} is of the stack switching proposal, which Envoy does not have",
                        module_.types.size()));
      default:
        start.fail(
            fmt::format("type {} is of an unknown form ({:#04x})", module_.types.size(), form));
    }
    return type;
  }

  Field field(Reader& content) {
    module_.features.add(Feature::gc);
    constexpr std::uint8_t kI8 = 0x78;
    constexpr std::uint8_t kI16 = 0x77;
    Field field;
    Reader ahead = content;
    const auto packed = ahead.byte("a field");
    if (packed == kI8 || packed == kI16) {
      field.type = ValueType::number(packed);
      content = ahead;
    } else {
      field.type = value_type(content);
    }
    field.is_mutable = mutability(content, "a field");
    return field;
  }

  std::uint32_t known_type(Reader& content, std::string_view what) {
    const Reader start = content;
    const auto index = content.u32_leb(what);
    if (index >= known_types_) {
      start.fail(fmt::format("{} has type {} of {}", what, index, known_types_));
    }
    return index;
  }

  // The index of a function type.
  std::uint32_t type_index(Reader& content, std::string_view what) {
    const Reader start = content;
    const auto index = known_type(content, what);
    if (const auto form = module_.types[index].form; form != TypeForm::function) {
      start.fail(fmt::format("{} has type {}, which is a {} type", what, index, to_string(form)));
    }
    return index;
  }

  void imports(Reader& content) {
    const auto count = bounded_count(content, "imports", kMaxImports);
    for (std::uint32_t i = 0; i < count; ++i) {
      Import import;
      import.offset = content.offset();
      import.module = content.name("the module of an import");
      import.name = content.name("the name of an import");
      import.kind = external_kind(content, "an import");
      import_description(content, import);
      module_.imports.push_back(std::move(import));
    }
  }

  void import_description(Reader& content, Import& import) {
    switch (import.kind) {
      case ExternalKind::function:
        import.type_index = type_index(content, "an imported function");
        module_.imported_functions.push_back(import.type_index);
        break;
      case ExternalKind::table: {
        const auto type = value_type(content);
        module_.tables.push_back({type, limits(content), std::nullopt});
        break;
      }
      case ExternalKind::memory:
        module_.memories.push_back(limits(content));
        break;
      case ExternalKind::global: {
        const auto type = value_type(content);
        module_.globals.push_back({type, mutability(content, "an imported global"), std::nullopt});
        break;
      }
      case ExternalKind::tag:
        import.type_index = tag(content);
        module_.tags.push_back(import.type_index);
        break;
    }
  }

  std::uint32_t tag(Reader& content) {
    const Reader start = content;
    if (content.byte("a tag") != 0) start.fail("a tag is of no known attribute");
    return type_index(content, "a tag");
  }

  void tags(Reader& content) {
    const auto count = bounded_count(content, "tags", kMaxTags);
    for (std::uint32_t i = 0; i < count; ++i) module_.tags.push_back(tag(content));
  }

  void functions(Reader& content) {
    const auto count = bounded_count(content, "functions", kMaxFunctions);
    module_.functions.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      module_.functions.push_back(type_index(content, "a function"));
    }
  }

  void memories(Reader& content) {
    const auto count = bounded_count(content, "memories", kMaxMemories);
    for (std::uint32_t i = 0; i < count; ++i) module_.memories.push_back(limits(content));
  }

  // A table may begin with 0x40 0x00; then an expression for its elements follows.
  void tables(Reader& content) {
    constexpr std::uint8_t kWithElement = 0x40;
    const auto count = bounded_count(content, "tables", kMaxMemories);
    for (std::uint32_t i = 0; i < count; ++i) {
      Table table;
      Reader ahead = content;
      const bool with_element = ahead.byte("a table") == kWithElement;
      if (with_element) {
        if (ahead.byte("a table") != 0) content.fail("a table is of no known form");
        content = ahead;
      }
      table.type = value_type(content);
      table.limits = limits(content);
      if (with_element) table.initializer = expression(content);
      module_.tables.push_back(table);
    }
  }

  void globals(Reader& content) {
    const auto count = bounded_count(content, "globals", kMaxGlobals);
    for (std::uint32_t i = 0; i < count; ++i) {
      Global global;
      global.type = value_type(content);
      global.is_mutable = mutability(content, "a global");
      global.initializer = expression(content);
      module_.globals.push_back(global);
    }
  }

  // Reads past a constant expression, and gives its offset. Extended ones are those that compute.
  std::size_t expression(Reader& content) {
    const auto offset = content.offset();
    Instructions instructions(content);
    Instruction instruction;
    while (instructions.next(instruction)) {
      if (instruction.opcode >= 0x6a && instruction.opcode <= 0x7e) {
        module_.features.add(Feature::extended_const);
      }
    }
    module_.features.add(instructions.features());
    content = instructions.reader();
    return offset;
  }

  void elements(Reader& content) {
    const auto count = bounded_count(content, "element segments", kMaxSegments);
    for (std::uint32_t i = 0; i < count; ++i) module_.elements.push_back(element_segment(content));
  }

  // Flags: 1 not active; 2 a table's index, or of one that is not active: declarative; 4 the items
  // are expressions. A type or kind stands in all but those with neither 1 nor 2.
  ElementSegment element_segment(Reader& content) {
    ElementSegment segment;
    segment.offset = content.offset();
    const Reader start = content;
    const auto flags = content.u32_leb("an element segment");
    if (flags > 7) start.fail(fmt::format("unknown flags {:#04x} of an element segment", flags));
    segment.has_expressions = (flags & 4U) != 0;
    if ((flags & 1U) == 0) {
      if ((flags & 2U) != 0) segment.table = content.u32_leb("an element segment");
      segment.address = expression(content);
    } else {
      segment.mode = (flags & 2U) != 0 ? SegmentMode::declarative : SegmentMode::passive;
      module_.features.add(Feature::bulk_memory);
    }
    segment.type = element_type(content, flags);
    segment.count = content.count("elements");
    segment.items = content.offset();
    for (std::uint32_t i = 0; i < segment.count; ++i) {
      if (segment.has_expressions) {
        expression(content);
      } else {
        content.u32_leb("an element");
      }
    }
    return segment;
  }

  // Functions that are named by their index are never null.
  ValueType element_type(Reader& content, std::uint32_t flags) {
    const bool has_expressions = (flags & 4U) != 0;
    if ((flags & 3U) == 0) {
      return has_expressions ? ValueType::funcref : ValueType::ref(HeapType::function);
    }
    if (has_expressions) return value_type(content);
    if (content.byte("an element segment") != 0) content.fail("elements are of no known kind");
    return ValueType::ref(HeapType::function);
  }

  void data(Reader& content) {
    const auto count = bounded_count(content, "data segments", kMaxSegments);
    for (std::uint32_t i = 0; i < count; ++i) {
      DataSegment segment;
      segment.offset = content.offset();
      const Reader start = content;
      const auto flags = content.u32_leb("a data segment");
      if (flags > 2) start.fail(fmt::format("unknown flags {:#04x} of a data segment", flags));
      if (flags == 1) {
        segment.mode = SegmentMode::passive;
        module_.features.add(Feature::bulk_memory);
      } else {
        if (flags == 2) segment.memory = content.u32_leb("a data segment");
        segment.address = expression(content);
      }
      segment.size = content.u32_leb("a data segment");
      segment.begin = content.offset();
      content.take(segment.size, "a data segment");
      module_.data.push_back(segment);
    }
  }

  void exports(Reader& content) {
    const auto count = bounded_count(content, "exports", kMaxExports);
    for (std::uint32_t i = 0; i < count; ++i) {
      Export item;
      item.offset = content.offset();
      item.name = content.name("the name of an export");
      item.kind = external_kind(content, "an export");
      const Reader start = content;
      item.index = content.u32_leb("an export");
      if (item.kind == ExternalKind::function && module_.function_type(item.index) == nullptr) {
        start.fail(
            fmt::format("export `{}` is function {}, which does not exist", item.name, item.index));
      }
      module_.exports.push_back(std::move(item));
    }
  }

  void code(Reader& content) {
    const auto count = bounded_count(content, "function bodies", kMaxFunctions);
    module_.bodies.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto size = content.u32_leb("a function body");
      const Body body{content.offset(), size};
      content.take(size, "a function body");
      module_.bodies.push_back(body);
    }
  }

  std::string_view bytes_;
  Module module_;
  std::uint32_t known_types_ = 0;  // types that may be referred to
  std::ptrdiff_t next_in_order_ = 0;
};

}  // namespace

std::string_view to_string(ExternalKind kind) {
  switch (kind) {
    case ExternalKind::function:
      return "function";
    case ExternalKind::table:
      return "table";
    case ExternalKind::memory:
      return "memory";
    case ExternalKind::global:
      return "global";
    case ExternalKind::tag:
      return "tag";
  }
  return "?";
}

std::string_view to_string(SectionId id) {
  constexpr std::string_view kNames[] = {"custom", "type",   "import",     "function", "table",
                                         "memory", "global", "export",     "start",    "element",
                                         "code",   "data",   "data count", "tag"};
  return kNames[static_cast<std::size_t>(id)];
}

std::uint32_t Module::type_index(std::uint32_t function) const {
  const auto imported = imported_functions.size();
  return function < imported ? imported_functions[function] : functions[function - imported];
}

const FunctionType* Module::function_type(std::uint32_t index) const {
  return index < function_count() ? &types[type_index(index)].function : nullptr;
}

const Export* Module::find_export(std::string_view name) const {
  const auto found = std::find_if(exports.begin(), exports.end(),
                                  [&](const Export& item) { return item.name == name; });
  return found == exports.end() ? nullptr : &*found;
}

const Section* Module::find_section(SectionId id) const {
  const auto found = std::ranges::find(sections, id, &Section::id);
  return found == sections.end() ? nullptr : &*found;
}

const Section* Module::find_custom_section(std::string_view name) const {
  const auto found = std::ranges::find_if(sections, [&](const Section& section) {
    return section.id == SectionId::custom && section.name == name;
  });
  return found == sections.end() ? nullptr : &*found;
}

Module parse_module(base::Content bytes, std::string_view file) {
  try {
    return Parser(std::move(bytes)).parse();
  } catch (const Error& error) {
    Error located(error.code(), fmt::format("{}: {}", file, error.message()));
    for (const auto& hint : error.hints()) located.hint(hint);
    throw located;
  }
}

bool is_debug_section(std::string_view name) {
  return name.starts_with(".debug_");
}

std::string without_custom_sections(const Module& module, bool (*drop)(std::string_view name)) {
  std::string kept(module.bytes.view().substr(0, kHeaderBytes));
  for (const auto& section : module.sections) {
    if (section.id == SectionId::custom && drop(section.name)) continue;
    kept += section.bytes;
  }
  return kept;
}

}  // namespace wasmctl::wasm
