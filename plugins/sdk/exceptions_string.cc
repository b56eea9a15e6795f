// What of std::string throws, compiled so that it does. libc++'s own is compiled without exceptions,
// and would trap. (Only in a plugin whose sources use exceptions.)
#ifdef __WASM_EXCEPTIONS__

#include <errno.h>
#include <stdlib.h>

#include <stdexcept>
#include <string>

// All its members: the linker takes these, which it sees first.
template class std::basic_string<char>;

namespace {

// `parse` is strtol or the like. [string.conversions]
template <class Parse>
auto convert(const char* name, const std::string& text, size_t* used, Parse parse) {
  const int errno_before = errno;
  errno = 0;
  char* end = nullptr;
  const auto value = parse(text.c_str(), &end);
  const bool out_of_range = errno == ERANGE;  // an int has as many bits here as a long
  errno = errno_before;
  if (end == text.c_str()) throw std::invalid_argument(std::string(name) + ": no conversion");
  if (out_of_range) throw std::out_of_range(std::string(name) + ": out of range");
  if (used != nullptr) *used = static_cast<size_t>(end - text.c_str());
  return value;
}

}  // namespace

_LIBCPP_BEGIN_NAMESPACE_STD

#define PROXY_WASM_INTEGER(name, type, parse)                         \
  type name(const string& text, size_t* used, int base) {             \
    return convert(#name, text, used, [base](auto from, auto end) { return parse(from, end, base); }); \
  }
#define PROXY_WASM_FLOAT(name, type, parse)               \
  type name(const string& text, size_t* used) {           \
    return convert(#name, text, used, [](auto from, auto end) { return parse(from, end); }); \
  }
PROXY_WASM_INTEGER(stoi, int, strtol)
PROXY_WASM_INTEGER(stol, long, strtol)
PROXY_WASM_INTEGER(stoul, unsigned long, strtoul)
PROXY_WASM_INTEGER(stoll, long long, strtoll)
PROXY_WASM_INTEGER(stoull, unsigned long long, strtoull)
PROXY_WASM_FLOAT(stof, float, strtof)
PROXY_WASM_FLOAT(stod, double, strtod)
PROXY_WASM_FLOAT(stold, long double, strtold)

_LIBCPP_END_NAMESPACE_STD

#endif
