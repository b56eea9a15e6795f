// WWW-Authenticate: how a registry asks for a login.
// Source: RFC 9110, section 11.6.1; distribution's token authentication specification.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::registry {

struct Challenge {
  std::string scheme;                             // lower case: "basic", "bearer"
  std::map<std::string, std::string> parameters;  // keys in lower case: "realm", "service", "scope"
  bool operator==(const Challenge&) const = default;
};

// All challenges of one header, in order. What does not fit the grammar ends the list: the header
// comes from outside, and a login is not worth a guess.
std::vector<Challenge> parse_challenges(std::string_view header);

// The resources of both, with the actions of both, none of them twice. A scope is
// "repository:acme/a:pull,push", or several, divided by spaces.
std::string join_scopes(std::string_view a, std::string_view b);

// Whether `scopes` grant all that `wanted` names.
bool covers(std::string_view scopes, std::string_view wanted);

}  // namespace wasmctl::registry
