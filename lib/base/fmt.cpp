// The part of fmt that does not depend on what is formatted, compiled once. Debian has it as a
// shared library only, which would slow every start; header-only, each of our files would compile
// it anew, which makes three quarters of the time that most of them take. What has to be
// instantiated is what <fmt/format.h> declares `extern template`, and the functions that only
// <fmt/format-inl.h> defines. fmt 9 is Debian 12's.
#include <fmt/format-inl.h>

#include <locale>

namespace fmt::detail {

template thousands_sep_result<char> thousands_sep_impl(locale_ref);
template thousands_sep_result<wchar_t> thousands_sep_impl(locale_ref);
template char decimal_point_impl(locale_ref);
template wchar_t decimal_point_impl(locale_ref);

template dragonbox::decimal_fp<float> dragonbox::to_decimal(float) noexcept;
template dragonbox::decimal_fp<double> dragonbox::to_decimal(double) noexcept;

template locale_ref::locale_ref(const std::locale&);
template std::locale locale_ref::get<std::locale>() const;

template void buffer<char>::append(const char*, const char*);
template void vformat_to(buffer<char>&, string_view, basic_format_args<buffer_context<char>>,
                         locale_ref);

}  // namespace fmt::detail
