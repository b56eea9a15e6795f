#include "wasm/module.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "wasm/reader.hpp"

namespace wasmctl::wasm {

namespace {

constexpr std::string_view kMagic{"\0asm", 4};

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
constexpr std::size_t kMaxSections = 100'000;

std::string describe_foreign(std::string_view bytes) {
  struct Signature {
    std::string_view magic;
    std::string_view what;
  };
  constexpr Signature kSignatures[] = {
      {"\x1f\x8b", "gzip data"},
      {"\x28\xb5\x2f\xfd", "zstd data"},
      {"PK\x03\x04", "a zip archive"},
      {"\x7f"
       "ELF",
       "an ELF file, made for this machine and not for Wasm"},
      {"BC\xc0\xde", "LLVM bitcode, compiled but not linked"},
      {"!<arch>\n", "a static library"},
      {"(module", "the text form of Wasm: convert it with `wat2wasm`"},
      {"<!DOCTYPE", "an HTML page"},
      {"<!doctype", "an HTML page"},
      {"<html", "an HTML page"},
      {"{", "JSON"},
      {"#include", "C++ source: compile it with `wasmctl build`"},
      {"AGFzbQ", "the base64 text of a module: decode it first"},
      {"version https://git-lfs", "a Git LFS pointer: run `git lfs pull`"},
  };
  if (bytes.empty()) return "an empty file";
  for (const auto& signature : kSignatures) {
    if (bytes.starts_with(signature.magic)) return std::string(signature.what);
  }
  if (bytes.size() > 262 && bytes.substr(257, 5) == "ustar") return "a tar archive";
  const auto head = bytes.substr(0, 512);
  const bool text = std::all_of(head.begin(), head.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t';
  });
  if (text) return "a text file";
  std::string hex;
  for (const char c : bytes.substr(0, 4)) {
    hex += fmt::format(" {:02x}", static_cast<unsigned char>(c));
  }
  return "data that begins with" + hex;
}

void check_header(Reader& reader, std::string_view bytes) {
  if (bytes.size() < 8 && !bytes.empty() && kMagic.starts_with(bytes.substr(0, 4))) {
    throw Error(Code::bad_input,
                fmt::format("the file ends inside the header, after {} bytes", bytes.size()));
  }
  if (!bytes.starts_with(kMagic)) {
    throw Error(Code::bad_input, "not a Wasm module but " + describe_foreign(bytes));
  }
  reader.take(4, "the header");
  const Reader start = reader;
  const auto version = reader.take(4, "the header");
  if (version == std::string_view("\1\0\0\0", 4)) return;
  // Component Model, Binary.md: a layer of 1 in the upper half of the version.
  if (version.substr(2) == std::string_view("\1\0", 2)) {
    throw Error(Code::bad_input,
                "not a core Wasm module but a component, which proxies do not load")
        .hint(
            "build for `wasm32-wasip1` or `wasm32-unknown-unknown`; a component's core module "
            "comes out with `wasm-tools component unbundle`");
  }
  start.fail("the version of Wasm is not 1");
}

// Function types and composite ones, and what may stand before them.
enum TypeForm : std::uint8_t {
  kFunctionForm = 0x60,
  kStructForm = 0x5f,
  kArrayForm = 0x5e,
  kSubForm = 0x50,
  kFinalSubForm = 0x4f,
  kRecursiveGroup = 0x4e,
};

std::uint32_t bounded_count(Reader& reader, std::string_view what, std::uint32_t most) {
  const Reader start = reader;
  const auto count = reader.count(what);
  if (count > most) start.fail(fmt::format("{} {} are too many", count, what));
  return count;
}

void note_type(FeatureSet& features, ValueType type) {
  switch (type) {
    case ValueType::v128:
      return features.add(Feature::simd);
    case ValueType::externref:
      return features.add(Feature::reference_types);
    case ValueType::exnref:
      return features.add(Feature::exceptions);
    case ValueType::other_reference:
      return features.add(Feature::gc);
    default:
      return;
  }
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
    if (module_.bodies.size() != module_.functions.size()) {
      reader.fail(fmt::format("{} functions are declared, but {} have code",
                              module_.functions.size(), module_.bodies.size()));
    }
    return std::move(module_);
  }

 private:
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
      default:
        return;  // custom sections are anybody's; validate() reads the others
    }
    if (!content.empty()) {
      content.fail(fmt::format("{} has {} bytes too many", what, content.remaining()));
    }
  }

  ValueType value_type(Reader& content) {
    const auto type = skip_value_type(content);
    note_type(module_.features, type);
    return type;
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
      content.u32_leb("a page size");
    }
    return result;
  }

  void types(Reader& content) {
    const auto count = bounded_count(content, "types", kMaxTypes);
    for (std::uint32_t i = 0; i < count; ++i) recursive_group(content);
  }

  void recursive_group(Reader& content) {
    Reader ahead = content;
    std::uint32_t count = 1;
    if (ahead.byte("a type") == kRecursiveGroup) {
      module_.features.add(Feature::gc);
      count = bounded_count(ahead, "types", kMaxTypes);
      content = ahead;
    }
    for (std::uint32_t i = 0; i < count; ++i) type(content);
  }

  void type(Reader& content) {
    const Reader start = content;
    if (module_.types.size() == kMaxTypes) start.fail("too many types");
    auto form = content.byte("a type");
    if (form == kSubForm || form == kFinalSubForm) {
      module_.features.add(Feature::gc);
      const auto supertypes = bounded_count(content, "supertypes", kMaxParameters);
      for (std::uint32_t i = 0; i < supertypes; ++i) content.u32_leb("a supertype");
      form = content.byte("a type");
    }
    FunctionType type;
    switch (form) {
      case kFunctionForm:
        type.parameters = value_types(content, "parameters");
        type.results = value_types(content, "results");
        if (type.results.size() > 1) module_.features.add(Feature::multi_value);
        break;
      case kStructForm: {
        const auto fields = bounded_count(content, "fields", kMaxFields);
        for (std::uint32_t i = 0; i < fields; ++i) field(content);
        break;
      }
      case kArrayForm:
        field(content);
        break;
      default:
        start.fail(
            fmt::format("type {} is of an unknown form ({:#04x})", module_.types.size(), form));
    }
    module_.types.push_back(std::move(type));
  }

  void field(Reader& content) {
    module_.features.add(Feature::gc);
    constexpr std::uint8_t kI8 = 0x78;
    constexpr std::uint8_t kI16 = 0x77;
    Reader ahead = content;
    const auto packed = ahead.byte("a field");
    if (packed == kI8 || packed == kI16) {
      content = ahead;
    } else {
      value_type(content);
    }
    content.byte("a field");  // mutable or not
  }

  std::uint32_t type_index(Reader& content, std::string_view what) {
    const Reader start = content;
    const auto index = content.u32_leb(what);
    if (index >= module_.types.size()) {
      start.fail(fmt::format("{} has type {} of {}", what, index, module_.types.size()));
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
      case ExternalKind::table:
        value_type(content);
        module_.tables.push_back(limits(content));
        break;
      case ExternalKind::memory:
        module_.memories.push_back(limits(content));
        break;
      case ExternalKind::global:
        value_type(content);
        content.byte("an imported global");
        break;
      case ExternalKind::tag:
        content.byte("an imported tag");
        import.type_index = type_index(content, "an imported tag");
        break;
    }
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
    if (module_.memories.size() > 1) module_.features.add(Feature::multi_memory);
  }

  // A table may begin with an expression for its elements: 0x40 0x00, then the usual.
  void tables(Reader& content) {
    constexpr std::uint8_t kWithElement = 0x40;
    const auto count = bounded_count(content, "tables", kMaxMemories);
    for (std::uint32_t i = 0; i < count; ++i) {
      Reader ahead = content;
      const bool with_element = ahead.byte("a table") == kWithElement;
      if (with_element) {
        ahead.byte("a table");
        content = ahead;
      }
      value_type(content);
      module_.tables.push_back(limits(content));
      if (with_element) expression(content);
    }
    if (module_.tables.size() > 1) module_.features.add(Feature::reference_types);
  }

  void globals(Reader& content) {
    const auto count = bounded_count(content, "globals", kMaxGlobals);
    for (std::uint32_t i = 0; i < count; ++i) {
      value_type(content);
      content.byte("a global");  // mutable or not
      expression(content);
    }
  }

  // Extended constant expressions are the ones that compute.
  void expression(Reader& content) {
    Instructions instructions(content);
    Instruction instruction;
    while (instructions.next(instruction)) {
      if (instruction.opcode >= 0x6a && instruction.opcode <= 0x7e) {
        module_.features.add(Feature::extended_const);
      }
    }
    module_.features.add(instructions.features());
    content = instructions.reader();
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
  std::ptrdiff_t next_in_order_ = 0;
};

std::string_view to_string(ValueType type) {
  switch (type) {
    case ValueType::i32:
      return "i32";
    case ValueType::i64:
      return "i64";
    case ValueType::f32:
      return "f32";
    case ValueType::f64:
      return "f64";
    case ValueType::v128:
      return "v128";
    case ValueType::funcref:
      return "funcref";
    case ValueType::externref:
      return "externref";
    case ValueType::exnref:
      return "exnref";
    case ValueType::other_reference:
      return "ref";
  }
  return "?";
}

std::string list(const std::vector<ValueType>& types) {
  std::string text;
  for (const auto type : types) {
    if (!text.empty()) text += ", ";
    text += to_string(type);
  }
  return text;
}

}  // namespace

ValueType skip_value_type(Reader& reader) {
  constexpr std::uint8_t kReference = 0x64;
  constexpr std::uint8_t kNullableReference = 0x63;
  // nullexnref, noextern, nofunc, none; any, eq, i31, struct, array
  constexpr std::string_view kAbstract = "\x74\x72\x73\x71\x6e\x6d\x6c\x6b\x6a";
  const Reader start = reader;
  const auto code = reader.byte("a value type");
  switch (static_cast<ValueType>(code)) {
    case ValueType::i32:
    case ValueType::i64:
    case ValueType::f32:
    case ValueType::f64:
    case ValueType::v128:
    case ValueType::funcref:
    case ValueType::externref:
    case ValueType::exnref:
      return static_cast<ValueType>(code);
    default:
      break;
  }
  if (code == kReference || code == kNullableReference) {
    reader.signed_leb(33, "a heap type");
    return ValueType::other_reference;
  }
  if (kAbstract.find(static_cast<char>(code)) != std::string_view::npos) {
    return ValueType::other_reference;
  }
  start.fail(fmt::format("unknown value type {:#04x}", code));
}

std::string to_string(const FunctionType& type) {
  const auto results = list(type.results);
  return fmt::format("({}) -> {}", list(type.parameters),
                     type.results.size() == 1 ? results : "(" + results + ")");
}

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

const FunctionType* Module::function_type(std::uint32_t index) const {
  if (index < imported_functions.size()) return &types[imported_functions[index]];
  const auto defined = index - imported_functions.size();
  return defined < functions.size() ? &types[functions[defined]] : nullptr;
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
