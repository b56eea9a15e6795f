#include "http/redirect.hpp"

#include <fmt/format.h>

#include <utility>

namespace wasmctl::http {

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Error redirect_error(const std::string& action, const Url& from, std::string_view where) {
  return {Code::bad_input, fmt::format("{}: `{}` redirects {}", action, from.authority, where)};
}

Url redirect_target(const std::string& action, const Url& from, const Response& response) {
  auto target = resolve_url(from, response.header("location"));
  if (!target) throw redirect_error(action, from, "to nowhere");
  if (from.scheme == "https" && target->scheme == "http") {
    throw redirect_error(action, from, "from TLS to plain HTTP");
  }
  return *std::move(target);
}

}  // namespace wasmctl::http
