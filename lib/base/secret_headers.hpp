// Headers that carry credentials, as RFC 9110 and the usual gateways have them: what is written for
// people to read hides their values.
#pragma once

#include <string_view>

namespace wasmctl::base {

// In lower case.
inline constexpr std::string_view kSecretHeaders[] = {"authorization", "proxy-authorization",
                                                      "cookie",        "set-cookie",
                                                      "x-api-key",     "api-key",
                                                      "x-auth-token",  "x-amz-security-token",
                                                      "x-csrf-token",  "x-forwarded-client-cert"};

}  // namespace wasmctl::base
