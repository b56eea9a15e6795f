#include "host/recording/tap.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "host/abi.hpp"
#include "host/hostcalls.hpp"
#include "wasm/code.hpp"
#include "wasm/hostcalls.hpp"
#include "wasm/names.hpp"
#include "wasm/writer.hpp"

namespace wasmctl::host {

namespace {

using wasm::ExternalKind;
using wasm::FunctionType;
using wasm::SectionId;
using wasm::ValueType;

// Source: WebAssembly Core Specification, 5.4.
enum class Op : std::uint8_t {
  block = 0x02,
  loop = 0x03,
  if_true = 0x04,
  end = 0x0b,
  branch = 0x0c,
  branch_if = 0x0d,
  leave = 0x0f,
  call = 0x10,
  drop = 0x1a,
  select = 0x1b,
  get_local = 0x20,
  set_local = 0x21,
  tee_local = 0x22,
  get_global = 0x23,
  set_global = 0x24,
  load_i32 = 0x28,
  store_i32 = 0x36,
  store_i64 = 0x37,
  grow_memory = 0x40,
  const_i32 = 0x41,
  const_i64 = 0x42,
  is_zero = 0x45,
  equal = 0x46,
  not_equal = 0x47,
  less = 0x49,           // unsigned
  less_or_equal = 0x4d,  // the same
  add = 0x6a,
  subtract = 0x6b,
  shift_left = 0x74,
  shift_right = 0x76,  // unsigned
  extend = 0xad,       // i32 to i64, unsigned
};

constexpr std::uint8_t kNoResult = 0x40;
constexpr std::uint32_t kPageLog2 = 16;
// Where the host says where it has put something: in the tap's page, behind any event.
constexpr std::uint32_t kAnswer = 512;

class Emitted {
 public:
  Emitted& op(Op op) {
    bytes_ += static_cast<char>(op);
    return *this;
  }
  Emitted& with(Op op, std::uint32_t index) {
    this->op(op);
    wasm::put_leb(bytes_, index);
    return *this;
  }
  Emitted& get(std::uint32_t local) { return with(Op::get_local, local); }
  Emitted& set(std::uint32_t local) { return with(Op::set_local, local); }
  Emitted& call(std::uint32_t function) { return with(Op::call, function); }
  Emitted& number(std::uint32_t value) {
    op(Op::const_i32);
    wasm::put_signed_leb(bytes_, static_cast<std::int32_t>(value));
    return *this;
  }
  Emitted& long_number(std::uint64_t value) {
    op(Op::const_i64);
    wasm::put_signed_leb(bytes_, static_cast<std::int64_t>(value));
    return *this;
  }
  // A load or store; alignment counts for nothing.
  Emitted& memory(Op op, std::uint32_t offset) {
    this->op(op);
    wasm::put_leb(bytes_, 0);
    wasm::put_leb(bytes_, offset);
    return *this;
  }
  Emitted& open(Op op) {
    this->op(op);
    bytes_ += static_cast<char>(kNoResult);
    return *this;
  }
  Emitted& grow() {
    op(Op::grow_memory);
    bytes_ += '\0';
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

bool is_text_letter(char letter) {
  return letter == 't' || letter == 'v' || letter == 'p';
}

bool is_written_letter(char letter) {
  return std::string_view("aAPDC").find(letter) != std::string_view::npos;
}

struct Fetched {
  TapKind kind = TapKind::pairs;
  std::uint32_t what = 0;                      // a MapType or BufferType
  std::optional<std::uint32_t> size_argument;  // of the callback: 0: there is none
};

constexpr Fetched of_map(MapType type, std::optional<std::uint32_t> size = std::nullopt) {
  return {TapKind::pairs, static_cast<std::uint32_t>(type), size};
}
constexpr Fetched of_buffer(BufferType type, std::uint32_t size) {
  return {TapKind::buffer, static_cast<std::uint32_t>(type), size};
}

struct CallbackTap {
  std::string_view name;
  bool is_added = false;  // where the module lacks it
  std::vector<Fetched> fetched = {};
};

// What a callback gets, beside its arguments.
const std::vector<CallbackTap>& callback_taps() {
  static const std::vector<CallbackTap> kTaps = {
      {"proxy_on_context_create", true},
      {"proxy_on_configure", true, {of_buffer(BufferType::plugin_configuration, 1)}},
      {"proxy_on_request_headers", true, {of_map(MapType::request_headers)}},
      {"proxy_on_request_body", true, {of_buffer(BufferType::request_body, 1)}},
      {"proxy_on_request_trailers", true, {of_map(MapType::request_trailers)}},
      {"proxy_on_response_headers", true, {of_map(MapType::response_headers)}},
      {"proxy_on_response_body", true, {of_buffer(BufferType::response_body, 1)}},
      {"proxy_on_response_trailers", true, {of_map(MapType::response_trailers)}},
      {"proxy_on_downstream_data", true, {of_buffer(BufferType::downstream_data, 1)}},
      {"proxy_on_upstream_data", true, {of_buffer(BufferType::upstream_data, 1)}},
      {"proxy_on_http_call_response",
       false,
       {of_map(MapType::http_call_headers, 2), of_buffer(BufferType::http_call_body, 3),
        of_map(MapType::http_call_trailers, 4)}},
      {"proxy_on_grpc_receive_initial_metadata",
       false,
       {of_map(MapType::grpc_initial_metadata, 2)}},
      {"proxy_on_grpc_receive", false, {of_buffer(BufferType::grpc_message, 2)}},
      {"proxy_on_grpc_receive_trailing_metadata",
       false,
       {of_map(MapType::grpc_trailing_metadata, 2)}},
      {"proxy_on_delete", true},
  };
  return kTaps;
}

const CallbackTap* find_callback_tap(std::string_view name) {
  const auto& taps = callback_taps();
  const auto found = std::ranges::find(taps, name, &CallbackTap::name);
  return found == taps.end() ? nullptr : &*found;
}

class Tapping {
 public:
  Tapping(const wasm::Module& module, std::uint64_t mark) : module_(module), mark_(mark) {
    require_tappable();
    const auto three = wasm::type_of("iii:i");
    log_ = host_function("proxy_log", three);
    get_pairs_ = host_function("proxy_get_header_map_pairs", three);
    get_bytes_ = host_function("proxy_get_buffer_bytes", wasm::type_of("iiiii:i"));
  }

  std::string make() {
    add_own_functions();
    tap_hostcalls();
    tap_exports();
    std::string out(module_.bytes.view().substr(0, wasm::kHeaderBytes));
    constexpr std::array kOrder = {SectionId::type,    SectionId::import,     SectionId::function,
                                   SectionId::table,   SectionId::memory,     SectionId::tag,
                                   SectionId::global,  SectionId::exports,    SectionId::start,
                                   SectionId::element, SectionId::data_count, SectionId::code,
                                   SectionId::data};
    for (const auto id : kOrder) out += section_of(id);
    return out + wasm::smallest_name_section();
  }

 private:
  struct NewFunction {
    std::uint32_t type = 0;
    std::uint32_t locals = 0;  // of i32, behind the parameters
    std::string code = {};     // without its end
  };
  enum class Own : std::uint8_t { page, room, room_size, fetches, count };

  [[noreturn]] static void refuse(std::string_view why) {
    throw Error(Code::bad_input, "this module cannot be recorded").because(std::string(why));
  }

  void require_tappable() const {
    if (module_.memories.size() != 1 || module_.memories[0].is_64)
      refuse("it has not one memory of 32 bits");
    const auto is_in_table = [](const auto& table) { return table.initializer.has_value(); };
    const auto is_of_expressions = [](const auto& part) { return part.has_expressions; };
    const auto is_reference = [](const auto& global) {
      return global.initializer && global.type.is_reference();
    };
    if (std::ranges::any_of(module_.tables, is_in_table) ||
        std::ranges::any_of(module_.elements, is_of_expressions) ||
        std::ranges::any_of(module_.globals, is_reference))
      refuse("its tables or globals have references in expressions");
  }

  std::uint32_t type(FunctionType type) {
    const auto found = std::ranges::find(types_, type);
    const auto place = static_cast<std::uint32_t>(found - types_.begin());
    if (found == types_.end()) types_.push_back(std::move(type));
    return static_cast<std::uint32_t>(module_.types.size()) + place;
  }

  // That of the module's own import, or a new one.
  std::uint32_t host_function(std::string_view name, const FunctionType& type) {
    std::uint32_t index = 0;
    for (const auto& import : module_.imports) {
      if (import.kind != ExternalKind::function) continue;
      if (import.module == "env" && import.name == name) return index;
      ++index;
    }
    new_imports_.emplace_back(name, this->type(type));
    return index + static_cast<std::uint32_t>(new_imports_.size()) - 1;
  }

  std::uint32_t add_function(const FunctionType& type, std::uint32_t locals, const Emitted& code) {
    functions_.push_back({this->type(type), locals, code.bytes()});
    return static_cast<std::uint32_t>(module_.function_count() + new_imports_.size() +
                                      functions_.size() - 1);
  }

  // Where a function of the module's is now: a host call is the one that taps it.
  std::uint32_t moved(std::uint32_t function) const {
    if (function >= module_.imported_functions.size())
      return function + static_cast<std::uint32_t>(new_imports_.size());
    const auto tap = taps_.find(function);
    return tap == taps_.end() ? function : tap->second;
  }

  std::uint32_t global(Own own) const {
    return static_cast<std::uint32_t>(module_.globals.size()) + static_cast<std::uint32_t>(own);
  }

  // --- What taps are made of

  // Logs `size` bytes at `address`, in pieces.
  Emitted emit_code() const {
    constexpr std::uint32_t kAddress = 0;
    constexpr std::uint32_t kSize = 1;
    constexpr std::uint32_t kPiece = 2;
    Emitted code;
    code.open(Op::block).open(Op::loop);
    code.get(kSize).op(Op::is_zero).with(Op::branch_if, 1);
    code.number(kTapPiece).get(kSize).number(kTapPiece).get(kSize).op(Op::less).op(Op::select);
    code.set(kPiece);
    code.number(static_cast<std::uint32_t>(LogLevel::critical)).get(kAddress).get(kPiece);
    code.call(log_).op(Op::drop);
    code.get(kAddress).get(kPiece).op(Op::add).set(kAddress);
    code.get(kSize).get(kPiece).op(Op::subtract).set(kSize);
    return code.with(Op::branch, 0).op(Op::end).op(Op::end);
  }

  // The first callback lets the memory grow by a page. The allocator is asked before: one that has
  // not been takes all that is there for its own.
  Emitted begin_code(std::uint32_t allocator) const {
    constexpr std::uint32_t kPage = 0;
    Emitted code;
    code.with(Op::get_global, global(Own::page)).open(Op::if_true).op(Op::leave).op(Op::end);
    code.number(1).call(allocator).op(Op::drop);
    code.number(1).grow().with(Op::tee_local, kPage);
    code.number(UINT32_MAX).op(Op::equal).open(Op::if_true).op(Op::leave).op(Op::end);
    code.get(kPage).number(kPageLog2).op(Op::shift_left).with(Op::set_global, global(Own::page));
    return code;
  }

  // Room for `size` bytes of the host's, for as long as nothing else is fetched; 0: there is none.
  Emitted take_code() const {
    constexpr std::uint32_t kSize = 0;
    constexpr std::uint32_t kPages = 1;
    constexpr std::uint32_t kPage = 2;
    Emitted code;
    code.get(kSize).with(Op::get_global, global(Own::room_size)).op(Op::less_or_equal);
    code.open(Op::if_true).with(Op::get_global, global(Own::room)).op(Op::leave).op(Op::end);
    code.get(kSize).number(kPageLog2).op(Op::shift_right).number(1).op(Op::add);
    code.with(Op::tee_local, kPages).grow().with(Op::tee_local, kPage);
    code.number(UINT32_MAX).op(Op::equal);
    code.open(Op::if_true).number(0).op(Op::leave).op(Op::end);
    code.get(kPages).number(kPageLog2).op(Op::shift_left);
    code.with(Op::set_global, global(Own::room_size));
    code.get(kPage).number(kPageLog2).op(Op::shift_left).with(Op::set_global, global(Own::room));
    return code.with(Op::get_global, global(Own::room));
  }

  // The module's allocator, but for what the host hands over to the tap.
  Emitted allocator_code(std::uint32_t allocator) const {
    Emitted code;
    code.with(Op::get_global, global(Own::fetches)).open(Op::if_true);
    code.get(0).call(take_).op(Op::leave).op(Op::end);
    return code.get(0).call(allocator);
  }

  void put_field(Emitted& code, std::uint32_t offset, std::uint32_t value) const {
    code.with(Op::get_global, global(Own::page)).number(value).memory(Op::store_i32, offset);
  }

  void put_head(Emitted& code, TapKind kind, std::uint32_t id) const {
    code.with(Op::get_global, global(Own::page)).long_number(mark_);
    code.memory(Op::store_i64, TapLayout::kMark);
    put_field(code, TapLayout::kKind, static_cast<std::uint32_t>(kind));
    put_field(code, TapLayout::kId, id);
    put_field(code, TapLayout::kResult, 0);
  }

  void put_result(Emitted& code, std::uint32_t local) const {
    code.with(Op::get_global, global(Own::page)).get(local);
    code.memory(Op::store_i32, TapLayout::kResult);
  }

  void put_arguments(Emitted& code, std::span<const ValueType> types) const {
    for (std::uint32_t i = 0; i < types.size(); ++i) {
      code.with(Op::get_global, global(Own::page)).get(i);
      if (types[i] == ValueType::i32) code.op(Op::extend);
      code.memory(Op::store_i64, TapLayout::kArguments + 8 * i);
    }
  }

  void emit_event(Emitted& code, std::size_t arguments) const {
    code.with(Op::get_global, global(Own::page));
    code.number(TapLayout::kArguments + 8 * static_cast<std::uint32_t>(arguments)).call(emit_);
  }

  // Asks the host for something, as `ask` does with two addresses for its answer, and logs it.
  Emitted fetch_code(TapKind kind, std::uint32_t result,
                     const std::function<void(Emitted&)>& ask) const {
    constexpr std::uint32_t kWhat = 0;
    const auto answer = [&](Emitted& code, std::uint32_t offset) {
      code.with(Op::get_global, global(Own::page)).memory(Op::load_i32, kAnswer + offset);
    };
    Emitted code;
    code.with(Op::get_global, global(Own::page)).long_number(0).memory(Op::store_i64, kAnswer);
    code.number(1).with(Op::set_global, global(Own::fetches));
    ask(code);
    code.set(result);
    code.number(0).with(Op::set_global, global(Own::fetches));
    put_head(code, kind, 0);
    code.with(Op::get_global, global(Own::page)).get(kWhat);
    code.memory(Op::store_i32, TapLayout::kId);
    put_result(code, result);
    for (const std::uint32_t i : {0U, 1U}) {
      code.with(Op::get_global, global(Own::page));
      answer(code, 4 * i);
      code.op(Op::extend).memory(Op::store_i64, TapLayout::kArguments + 8 * i);
    }
    emit_event(code, 2);
    answer(code, 0);
    answer(code, 4);
    return code.call(emit_);
  }

  void push_answer_addresses(Emitted& code) const {
    code.with(Op::get_global, global(Own::page)).number(kAnswer).op(Op::add);
    code.with(Op::get_global, global(Own::page)).number(kAnswer + 4).op(Op::add);
  }

  void add_own_functions() {
    emit_ = add_function(wasm::type_of("ii:"), 1, emit_code());
    take_ = add_function(wasm::type_of("i:i"), 2, take_code());
    const auto allocator = allocator_index();
    begin_ = add_function(wasm::type_of(":"), 1, begin_code(allocator));
    allocate_ = add_function(wasm::type_of("i:i"), 0, allocator_code(allocator));
    fetch_pairs_ =
        add_function(wasm::type_of("i:"), 1, fetch_code(TapKind::pairs, 1, [this](Emitted& code) {
                       code.get(0);
                       push_answer_addresses(code);
                       code.call(get_pairs_);
                     }));
    fetch_buffer_ =
        add_function(wasm::type_of("ii:"), 1, fetch_code(TapKind::buffer, 2, [this](Emitted& code) {
                       code.get(0).number(0).get(1);
                       push_answer_addresses(code);
                       code.call(get_bytes_);
                     }));
  }

  std::uint32_t allocator_index() const {
    for (const auto& name : wasm::kAllocators) {
      const auto* const found = module_.find_export(name);
      if (found != nullptr && found->kind == ExternalKind::function) return moved(found->index);
    }
    refuse("it has no allocator");
  }

  // --- The taps

  void tap_hostcalls() {
    const auto rows = proxy_hostcalls();
    std::uint32_t index = 0;
    for (const auto& import : module_.imports) {
      if (import.kind != ExternalKind::function) continue;
      const auto function = index++;
      const auto row = std::ranges::find(rows, import.name, &HostcallRow::name);
      if (import.module != "env" || row == rows.end()) continue;
      const auto& type = *module_.function_type(function);
      if (type.results.size() != 1 || type.parameters.size() < row->form.size()) continue;
      const auto id = static_cast<std::uint32_t>(row - rows.begin());
      taps_[function] = add_function(type, 1, hostcall_code(function, id, row->form, type));
    }
  }

  Emitted hostcall_code(std::uint32_t function, std::uint32_t id, std::string_view form,
                        const FunctionType& type) const {
    const auto count = static_cast<std::uint32_t>(type.parameters.size());
    const auto result = count;
    Emitted code;
    for (std::uint32_t i = 0; i < count; ++i) code.get(i);
    code.call(function).set(result);
    code.with(Op::get_global, global(Own::page)).open(Op::if_true);
    put_head(code, TapKind::call, id);
    put_result(code, result);
    put_arguments(code, type.parameters);
    emit_event(code, count);
    code.get(result).number(static_cast<std::uint32_t>(Status::invalid_memory_access));
    code.op(Op::not_equal).open(Op::if_true);
    for (std::uint32_t i = 0; i < form.size(); ++i) {
      if (is_text_letter(form[i])) code.get(i).get(i + 1).call(emit_);
    }
    code.op(Op::end);
    code.get(result).op(Op::is_zero).open(Op::if_true);
    for (std::uint32_t i = 0; i < form.size(); ++i) emit_written(code, form[i], i);
    return code.op(Op::end).op(Op::end).get(result);
  }

  void emit_written(Emitted& code, char letter, std::uint32_t argument) const {
    const auto emit_number = [&](std::uint32_t at, std::uint32_t size) {
      code.get(at).number(size).call(emit_);
    };
    if (letter == 'o') emit_number(argument, 4);
    if (letter == 'O') emit_number(argument, 8);
    if (!is_written_letter(letter)) return;
    emit_number(argument, 4);
    emit_number(argument + 1, 4);
    code.get(argument).memory(Op::load_i32, 0).get(argument + 1).memory(Op::load_i32, 0);
    code.call(emit_);
  }

  void tap_exports() {
    for (const auto& item : module_.exports) {
      auto index = item.index;
      if (item.kind == ExternalKind::function) {
        index = moved(item.index);
        const bool is_allocator =
            std::ranges::find(wasm::kAllocators, item.name) != std::end(wasm::kAllocators);
        if (is_allocator) index = allocate_;
        if (wasm::is_callback(item.name))
          index = tapped_callback(item.name, *module_.function_type(item.index), moved(item.index));
      }
      exports_.emplace_back(item.name, item.kind, index);
    }
    const auto version = wasm::abi_version(module_);
    for (const auto& row : wasm::callbacks(wasm::Vendor::envoy)) {
      const auto* const tap = find_callback_tap(row.name);
      if (tap == nullptr || !tap->is_added || module_.find_export(row.name) != nullptr) continue;
      if (!version || !wasm::contains(row.abis, *version)) continue;
      exports_.emplace_back(row.name, ExternalKind::function,
                            tapped_callback(row.name, wasm::type_of(row.signature), std::nullopt));
    }
  }

  // Without a `function` it lets all go on.
  std::uint32_t tapped_callback(std::string_view name, const FunctionType& type,
                                std::optional<std::uint32_t> function) {
    const auto rows = wasm::callbacks(wasm::Vendor::envoy);
    const auto row = std::ranges::find(rows, name, &wasm::Callback::name);
    const auto id = static_cast<std::uint32_t>(row - rows.begin());
    const auto count = static_cast<std::uint32_t>(type.parameters.size());
    const bool has_result = !type.results.empty();
    Emitted code;
    code.call(begin_);
    code.with(Op::get_global, global(Own::page)).open(Op::if_true);
    put_head(code, TapKind::begin, id);
    put_arguments(code, type.parameters);
    emit_event(code, count);
    if (const auto* const tap = find_callback_tap(name)) {
      for (const auto& fetched : tap->fetched) fetch(code, fetched, count);
    }
    code.op(Op::end);
    if (function) {
      for (std::uint32_t i = 0; i < count; ++i) code.get(i);
      code.call(*function);
      if (has_result) code.set(count);
    } else if (has_result) {
      code.number(name == "proxy_on_configure" ? 1 : 0).set(count);
    }
    code.with(Op::get_global, global(Own::page)).open(Op::if_true);
    put_head(code, TapKind::end, id);
    if (has_result) put_result(code, count);
    emit_event(code, 0);
    code.op(Op::end);
    if (has_result) code.get(count);
    return add_function(type, has_result ? 1 : 0, code);
  }

  void fetch(Emitted& code, const Fetched& fetched, std::uint32_t arguments) const {
    if (fetched.size_argument.value_or(0) >= arguments) return;
    if (fetched.size_argument) code.get(*fetched.size_argument).open(Op::if_true);
    code.number(fetched.what);
    if (fetched.kind == TapKind::buffer) {
      code.get(*fetched.size_argument).call(fetch_buffer_);
    } else {
      code.call(fetch_pairs_);
    }
    if (fetched.size_argument) code.op(Op::end);
  }

  // --- The sections

  std::string section_of(SectionId id) const {
    const auto* const old = module_.find_section(id);
    switch (id) {
      case SectionId::type:
        return longer(id, old, types_.size(), new_types());
      case SectionId::import:
        return longer(id, old, new_imports_.size(), imports());
      case SectionId::function:
        return longer(id, old, functions_.size(), function_types());
      case SectionId::global:
        return longer(id, old, static_cast<std::size_t>(Own::count), globals());
      case SectionId::exports:
        return wasm::section(id, exports());
      case SectionId::start:
        if (!module_.start) return {};
        return wasm::section(id, leb(moved(*module_.start)));
      case SectionId::element:
        return old == nullptr ? "" : wasm::section(id, elements(*old));
      case SectionId::code:
        return wasm::section(id, code());
      default:
        return old == nullptr ? "" : wasm::section(id, old->content());
    }
  }

  static std::string leb(std::uint64_t value) {
    std::string bytes;
    wasm::put_leb(bytes, value);
    return bytes;
  }

  // A list with some more entries.
  static std::string longer(SectionId id, const wasm::Section* old, std::size_t more,
                            std::string_view entries) {
    std::uint32_t count = 0;
    std::string_view rest;
    if (old != nullptr) {
      auto reader = old->reader();
      count = reader.u32_leb("a list");
      rest = reader.take(reader.remaining(), "a list");
    }
    if (count + more == 0) return {};
    return wasm::section(id, leb(count + more) + std::string(rest) + std::string(entries));
  }

  std::string new_types() const {
    constexpr char kFunction = 0x60;
    const auto list = [](std::span<const ValueType> types) {
      auto bytes = leb(types.size());
      for (const auto type : types) bytes += type == ValueType::i64 ? '\x7e' : '\x7f';
      return bytes;
    };
    std::string bytes;
    for (const auto& type : types_) bytes += kFunction + list(type.parameters) + list(type.results);
    return bytes;
  }

  std::string imports() const {
    std::string bytes;
    for (const auto& [name, type] : new_imports_) {
      wasm::put_text(bytes, "env");
      wasm::put_text(bytes, name);
      bytes += static_cast<char>(ExternalKind::function);
      wasm::put_leb(bytes, type);
    }
    return bytes;
  }

  std::string function_types() const {
    std::string bytes;
    for (const auto& function : functions_) wasm::put_leb(bytes, function.type);
    return bytes;
  }

  static std::string globals() {
    std::string bytes;
    for (std::size_t i = 0; i < static_cast<std::size_t>(Own::count); ++i)
      bytes += std::string("\x7f\x01\x41\x00\x0b", 5);  // a mutable i32, 0
    return bytes;
  }

  std::string exports() const {
    auto bytes = leb(exports_.size());
    for (const auto& [name, kind, index] : exports_) {
      wasm::put_text(bytes, name);
      bytes += static_cast<char>(kind);
      wasm::put_leb(bytes, index);
    }
    return bytes;
  }

  // Their items are functions' indices (require_tappable).
  std::string elements(const wasm::Section& old) const {
    const auto file = module_.bytes.view();
    std::string bytes;
    auto at = old.payload;
    for (const auto& segment : module_.elements) {
      bytes += file.substr(at, segment.items - at);
      wasm::Reader items(file.substr(segment.items, old.end - segment.items), segment.items);
      for (std::uint32_t i = 0; i < segment.count; ++i)
        wasm::put_leb(bytes, moved(items.u32_leb("an element")));
      at = items.offset();
    }
    return bytes + std::string(file.substr(at, old.end - at));
  }

  std::string code() const {
    auto bytes = leb(module_.bodies.size() + functions_.size());
    for (std::size_t body = 0; body < module_.bodies.size(); ++body)
      wasm::put_text(bytes, moved_body(body));
    for (const auto& function : functions_) {
      std::string whole = function.locals == 0 ? std::string(1, '\0') : leb(1);
      if (function.locals > 0) whole += leb(function.locals) + '\x7f';
      whole += function.code + static_cast<char>(Op::end);
      wasm::put_text(bytes, whole);
    }
    return bytes;
  }

  // The same instructions, with functions where they are now.
  std::string moved_body(std::size_t body) const {
    constexpr std::array<std::uint32_t, 3> kOfFunctions = {0x10, 0x12, 0xd2};
    const auto file = module_.bytes.view();
    const auto& [begin, size] = module_.bodies[body];
    std::string bytes;
    std::vector<wasm::Number> numbers;
    auto at = begin;
    wasm::Instructions instructions(wasm::instructions_of(module_, body), &numbers);
    wasm::Instruction instruction;
    while (instructions.next(instruction)) {
      if (std::ranges::find(kOfFunctions, instruction.opcode) == kOfFunctions.end()) continue;
      const auto& number = numbers.front();
      bytes += file.substr(at, number.offset - at);
      wasm::put_leb(bytes, moved(static_cast<std::uint32_t>(number.value)));
      at = number.offset + number.size;
    }
    return bytes + std::string(file.substr(at, begin + size - at));
  }

  const wasm::Module& module_;
  std::uint64_t mark_;
  std::uint32_t log_ = 0;  // of the host's functions
  std::uint32_t get_pairs_ = 0;
  std::uint32_t get_bytes_ = 0;
  std::uint32_t emit_ = 0;  // of our own
  std::uint32_t take_ = 0;
  std::uint32_t begin_ = 0;
  std::uint32_t allocate_ = 0;
  std::uint32_t fetch_pairs_ = 0;
  std::uint32_t fetch_buffer_ = 0;
  std::vector<FunctionType> types_;
  std::vector<std::pair<std::string, std::uint32_t>> new_imports_;  // with their types
  std::vector<NewFunction> functions_;
  std::map<std::uint32_t, std::uint32_t> taps_;  // of imported functions
  std::vector<std::tuple<std::string, ExternalKind, std::uint32_t>> exports_;
};

}  // namespace

std::string tapped(const wasm::Module& module, std::uint64_t mark) {
  return Tapping(module, mark).make();
}

}  // namespace wasmctl::host
