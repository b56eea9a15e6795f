// NO_PROXY: what is asked without the proxy. As Go's programs read it, which all peers are.
// Source: golang.org/x/net/http/httpproxy, Config.NoProxy.
#pragma once

#include <string_view>

#include "http/url.hpp"

namespace wasmctl::http {

// Whether one of `exceptions`, divided by commas, names the host of `url`:
//
//     example.com, example.com:8443         it and all below it; of that port alone
//     .example.com, *.example.com           what is below it
//     192.0.2.1, [2001:db8::1]:443          an address, as it is written in the URL
//     192.0.2.0/24, 2001:db8::/32           a range of them
//     *                                     all
//
// Case and blanks around an entry mean nothing. A name is not looked up to be compared with an
// address.
bool is_without_proxy(const Url& url, std::string_view exceptions);

}  // namespace wasmctl::http
