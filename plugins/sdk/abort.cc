// The last words of libc++, libc++abi and libc: what they say instead of throwing, e.g.
// std::length_error, or where an assertion does not hold.
//
// Their own versions of these functions bring printf, stdio and three imports of WASI: 15 KB. These
// know the two conversions that are used, and tell the host's log.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <version>  // the name of libc++'s inline namespace

#include "proxy_wasm_externs.h"

namespace {

// A line of bounded length: what does not fit is cut off.
class Line {
 public:
  void add(char c) {
    if (size_ < sizeof text_) text_[size_++] = c;
  }
  void add(const char* text) {
    while (*text != '\0') add(*text++);
  }
  void add(unsigned number) {
    if (number >= 10) add(number / 10);
    add(static_cast<char>('0' + number % 10));
  }
  [[noreturn]] void log_and_trap() const {
    proxy_log(LogLevel::critical, text_, size_);
    __builtin_trap();
  }

 private:
  char text_[512];
  size_t size_ = 0;
};

}  // namespace

[[noreturn]] static void log_and_trap(const char* format, va_list arguments) {
  Line line;
  for (; *format != '\0'; ++format) {
    if (format[0] == '%' && format[1] == 's') {
      line.add(va_arg(arguments, const char*));
      ++format;
    } else if (format[0] == '%' && format[1] == 'd') {
      line.add(va_arg(arguments, unsigned));
      ++format;
    } else if (*format != '\n') {
      line.add(*format);
    }
  }
  line.log_and_trap();
}

_LIBCPP_BEGIN_NAMESPACE_STD

// Before version 20 it was not noexcept.
#ifdef _LIBCPP_VERBOSE_ABORT_NOEXCEPT
#define PROXY_WASM_NOEXCEPT _LIBCPP_VERBOSE_ABORT_NOEXCEPT
#elif _LIBCPP_VERSION >= 200000
#define PROXY_WASM_NOEXCEPT noexcept
#else
#define PROXY_WASM_NOEXCEPT
#endif
[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) PROXY_WASM_NOEXCEPT {
  va_list arguments;
  va_start(arguments, format);
  log_and_trap(format, arguments);
}

_LIBCPP_END_NAMESPACE_STD

// The same of libc++abi, e.g. when a pure virtual function is called. Its name before version 20
// had no underscores.
extern "C" [[noreturn]] void __abort_message(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  log_and_trap(format, arguments);
}
extern "C" [[noreturn]] void abort_message(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  log_and_trap(format, arguments);
}

// Where assert() fails.
extern "C" [[noreturn, gnu::weak]] void __assert_fail(const char* expression, const char* file,
                                                      int line_number, const char* function) {
  Line line;
  line.add("assertion failed: ");
  line.add(expression);
  line.add(", in ");
  line.add(function);
  line.add(" at ");
  line.add(file);
  line.add(":");
  line.add(static_cast<unsigned>(line_number));
  line.log_and_trap();
}

namespace proxy_wasm {

[[noreturn]] void wait_forever(const char* what) {
  Line line;
  line.add(what);
  line.add(", and a module has no other thread to go on: it would wait for ever");
  line.log_and_trap();
}

}  // namespace proxy_wasm
