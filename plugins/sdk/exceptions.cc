// C++ exceptions on WebAssembly's: what `throw`, `try` and `catch` are compiled to call. Debian's
// libc++abi and libunwind have nothing of it for Wasm.
//
// Only in a plugin whose sources use exceptions; all of it is then compiled with -fwasm-exceptions.
// This file alone is compiled without LTO, as the code generator refers to __wasm_lpad_context, to
// _Unwind_CallPersonality and to the tag, when the LTO has long decided what is needed.
//
// A throw carries the address of a Thrown. Where it lands, the code stores the number of its place
// and the function's table (LSDA), and calls _Unwind_CallPersonality, which answers the number of
// the first handler that takes the type.
//
// Sources: Itanium C++ ABI, Exception Handling (the functions, rethrowing); LLVM, "Exception
// Handling in LLVM" (the tables) and lib/CodeGen/WasmEHPrepare.cpp (the context); tool-conventions,
// EHScheme.md.
#ifdef __WASM_EXCEPTIONS__

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <exception>
#include <new>
#include <typeinfo>

#include "proxy_wasm_externs.h"

namespace proxy_wasm {
[[noreturn]] void end_uncaught();  // proxy_wasm_exports.h
}

// The base of all run-time type information, as far as its virtual functions count (private_typeinfo.h
// of libc++abi).
namespace __cxxabiv1 {

class __shim_type_info : public std::type_info {
 public:
  ~__shim_type_info() override;
  virtual void noop1() const;
  virtual void noop2() const;
  // Whether a handler for this type takes what was thrown; `object` then points to that part of it.
  virtual bool can_catch(const __shim_type_info* thrown, void*& object) const = 0;
};

}  // namespace __cxxabiv1

namespace {

using __cxxabiv1::__shim_type_info;

// Stands before the object that was thrown.
struct alignas(16) Thrown {
  const __shim_type_info* type;
  void* (*destroy)(void*);  // a destructor returns its object here; null: there is none
  void* adjusted;           // what the handler sees
  int handlers;             // that have it now; negative while it is thrown again
  Thrown* next;             // the one that was caught before

  void* object() { return this + 1; }
};

// Those that are caught, the newest first.
Thrown* caught = nullptr;
// The one that is on its way to a handler.
Thrown* flying = nullptr;

[[noreturn]] void fly(Thrown* thrown) {
  flying = thrown;
  __builtin_wasm_throw(0, thrown);
}

// A function's table. It is the compiler's own: nothing to be checked.
class Table {
 public:
  explicit Table(const uint8_t* at) : at_(at) {}

  uint8_t byte() { return *at_++; }
  uint32_t number() {
    uint32_t value = 0;
    more(value);
    return value;
  }
  int32_t signed_number() {
    uint32_t value = 0;
    const uint32_t bits = more(value);
    const bool negative = bits < 32 && (at_[-1] & 0x40) != 0;
    return static_cast<int32_t>(negative ? value | ~uint32_t{0} << bits : value);
  }
  const uint8_t* at() const { return at_; }

 private:
  uint32_t more(uint32_t& value) {
    uint32_t bits = 0;
    do {
      value |= static_cast<uint32_t>(*at_ & 0x7F) << bits;
      bits += 7;
    } while ((*at_++ & 0x80) != 0);
    return bits;
  }
  const uint8_t* at_;
};

// The number of the first handler at that place that takes `thrown`; 0: none does.
uint32_t find_handler(const uint8_t* lsda, uint32_t place, Thrown& thrown) {
  constexpr uint8_t kNone = 0xFF;
  Table table(lsda);
  table.byte();  // the encoding of a base that is not there
  const uint8_t* types = nullptr;
  if (table.byte() != kNone) {
    const uint32_t size = table.number();
    types = table.at() + size;
  }
  table.byte();  // the encoding of the places: numbers
  const uint32_t places_size = table.number();
  const uint8_t* const actions = table.at() + places_size;
  uint32_t action = 0;
  for (uint32_t i = 0; i <= place; ++i) {
    table.number();
    action = table.number();
  }
  while (action != 0) {
    Table entry(actions + action - 1);
    const int32_t handler = entry.signed_number();
    if (handler > 0) {
      // Behind each other, the first one last.
      auto* const* const last = reinterpret_cast<const __shim_type_info* const*>(types);
      const __shim_type_info* const type = last[-handler];
      void* object = thrown.object();
      if (type == nullptr || type->can_catch(thrown.type, object)) {  // null: catch (...)
        thrown.adjusted = object;
        return static_cast<uint32_t>(handler);
      }
    }
    const auto here = static_cast<uint32_t>(entry.at() - actions);
    const int32_t step = entry.signed_number();
    action = step == 0 ? 0 : here + static_cast<uint32_t>(step) + 1;
  }
  return 0;
}

}  // namespace

asm(".globl __cpp_exception\n.tagtype __cpp_exception i32\n__cpp_exception:\n");

extern "C" {

struct {
  uint32_t place;
  const uint8_t* lsda;
  uint32_t handler;
} __wasm_lpad_context;

int _Unwind_CallPersonality(void* thrown) {
  __wasm_lpad_context.handler = find_handler(__wasm_lpad_context.lsda, __wasm_lpad_context.place,
                                             *static_cast<Thrown*>(thrown));
  return 0;
}

// Named by each function that has handlers, and called by nobody.
int __gxx_wasm_personality_v0(...) { return 0; }

void* __cxa_allocate_exception(size_t size) noexcept {
  auto* const thrown = static_cast<Thrown*>(malloc(sizeof(Thrown) + size));
  if (thrown == nullptr) __builtin_trap();
  return thrown->object();
}

void __cxa_free_exception(void* object) noexcept { free(static_cast<Thrown*>(object) - 1); }

[[noreturn]] void __cxa_throw(void* object, std::type_info* type, void* (*destroy)(void*)) {
  Thrown* const thrown = static_cast<Thrown*>(object) - 1;
  *thrown = {static_cast<const __shim_type_info*>(type), destroy, object, 0, nullptr};
  fly(thrown);
}

void* __cxa_get_exception_ptr(void* thrown) noexcept {
  return static_cast<Thrown*>(thrown)->adjusted;
}

void* __cxa_begin_catch(void* exception) noexcept {
  auto* const thrown = static_cast<Thrown*>(exception);
  thrown->handlers = (thrown->handlers < 0 ? -thrown->handlers : thrown->handlers) + 1;
  if (caught != thrown) {
    thrown->next = caught;
    caught = thrown;
  }
  flying = nullptr;
  return thrown->adjusted;
}

void __cxa_end_catch() {
  Thrown* const thrown = caught;
  if (thrown == nullptr) return;
  if (thrown->handlers < 0) {  // thrown again: it lives on
    if (++thrown->handlers == 0) caught = thrown->next;
    return;
  }
  if (--thrown->handlers != 0) return;
  caught = thrown->next;
  if (thrown->destroy != nullptr) thrown->destroy(thrown->object());
  free(thrown);
}

[[noreturn]] void __cxa_rethrow() {
  if (caught == nullptr) std::terminate();
  caught->handlers = -caught->handlers;
  fly(caught);
}

// libc++abi's abort.
[[noreturn]] void __cxa_bad_cast() { throw std::bad_cast(); }
[[noreturn]] void __cxa_bad_typeid() { throw std::bad_typeid(); }
[[noreturn]] void __cxa_throw_bad_array_new_length() { throw std::bad_array_new_length(); }

}  // extern "C"

// typeid(std::exception), which only -frtti lets one write.
extern const std::type_info type_of_exception __asm__("_ZTISt9exception");

// Logs an exception that nobody wants, and traps. The type's name is mangled: to read it back would
// cost more than the plugin.
[[noreturn]] static void end_with(Thrown& thrown) {
  char line[512] = "uncaught exception ";
  const auto add = [&line](const char* text) {
    const size_t size = strlen(line);
    memcpy(line + size, text, strnlen(text, sizeof line - 1 - size));
  };
  add(thrown.type->name());
  void* object = thrown.object();
  auto* const standard = static_cast<const __shim_type_info*>(&type_of_exception);
  if (standard->can_catch(thrown.type, object)) {
    add(": ");
    add(static_cast<const std::exception*>(object)->what());
  }
  proxy_log(LogLevel::critical, line, strlen(line));
  __builtin_trap();
}

// At the edge of the module, within a handler.
[[noreturn]] void proxy_wasm::end_uncaught() { end_with(*caught); }

// E.g. where an exception would leave a noexcept function. libc++abi's says nothing.
[[noreturn, gnu::weak]] void std::terminate() noexcept {
  if (flying != nullptr) end_with(*flying);
  if (caught != nullptr) end_with(*caught);
  constexpr char kText[] = "std::terminate was called";
  proxy_log(LogLevel::critical, kText, sizeof kText - 1);
  __builtin_trap();
}

#endif
