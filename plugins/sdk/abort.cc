// The last words of libc++: what it says instead of throwing, e.g. std::length_error.
//
// libc++'s own version of this function brings printf, stdio and three imports of WASI: 15 KB. This
// one knows the two conversions that libc++ uses, and tells the host's log.
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
  void log() const { proxy_log(LogLevel::critical, text_, size_); }

 private:
  char text_[512];
  size_t size_ = 0;
};

}  // namespace

_LIBCPP_BEGIN_NAMESPACE_STD

[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) noexcept {
  va_list arguments;
  va_start(arguments, format);
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
  va_end(arguments);
  line.log();
  __builtin_trap();
}

_LIBCPP_END_NAMESPACE_STD
