#include "registry/refusal.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace wasmctl::registry;  // NOLINT: every name below is from there
using wasmctl::Code;
namespace http = wasmctl::http;

namespace {

http::Response answer(int status, std::string body, const std::string& type = "application/json") {
  return {status, {{"content-type", type}}, std::move(body), {"https", "ghcr.io", "/"}};
}

}  // namespace

TEST_CASE("a refusal in words") {
  const struct {
    const char* name;
    http::Response response;
    std::string login;
    Code code;
    std::string want;
  } cases[] = {
      {"denied to a user", answer(403, R"({"errors":[{"code":"DENIED","message":"no push"}]})"),
       "user `me` (from FILE)", Code::denied,
       "error: cannot push: the registry answered 403 DENIED\n"
       "  caused by: no push\n"
       "  caused by: it was asked as user `me` (from FILE)\n"
       "hint: log in with the right to do so: `wasmctl login ghcr.io`\n"},
      {"no login", answer(401, ""), "", Code::denied,
       "error: cannot push: the registry answered 401\n"
       "hint: log in: `wasmctl login ghcr.io`\n"},
      {"unknown name",
       answer(404, R"({"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known"}]})"),
       "", Code::not_found,
       "error: cannot push: the registry answered 404 NAME_UNKNOWN\n"
       "  caused by: repository name not known\n"
       "hint: check the repository's name: `wasmctl list ghcr.io` shows which there are, where the "
       "registry offers that\n"},
      {"unknown tag",
       answer(404, R"({"errors":[{"code":"MANIFEST_UNKNOWN","detail":{"Tag":"v1"}}]})"), "",
       Code::not_found,
       "error: cannot push: the registry answered 404 MANIFEST_UNKNOWN\n"
       "hint: `wasmctl list ghcr.io/acme/a` shows which tags there are\n"},
      {"detail that is text",
       answer(400,
              R"({"errors":[{"code":"SIZE_INVALID","message":"no","detail":"it is \u001b9"}]})"),
       "", Code::bad_input,
       "error: cannot push: the registry answered 400 SIZE_INVALID\n"
       "  caused by: no\n"
       "  caused by: it is  9\n"},
      {"a token server by RFC 6749",
       answer(400, R"({"error":"invalid_grant","error_description":"the token was revoked"})"), "",
       Code::bad_input,
       "error: cannot push: the registry answered 400 invalid_grant\n"
       "  caused by: the token was revoked\n"},
      {"Docker's token server", answer(401, R"({"details":"incorrect username or password"})"), "",
       Code::denied,
       "error: cannot push: the registry answered 401\n"
       "  caused by: incorrect username or password\n"
       "hint: log in: `wasmctl login ghcr.io`\n"},
      {"too large", answer(413, "<html>nginx", "text/plain"), "", Code::bad_input,
       "error: cannot push: the registry answered 413\n"
       "hint: the registry, or a proxy before it, limits the size of a request\n"},
      {"plain text",
       answer(400, "\r\n names begin with the \x1b[31mteam's\nand more",
              "text/plain; charset=utf-8"),
       "", Code::bad_input,
       "error: cannot push: the registry answered 400\n"
       "  caused by: names begin with the  [31mteam's\n"},
      {"plain text of a length", answer(507, std::string(400, 'x'), "text/plain"), "",
       Code::network,
       "error: cannot push: the registry answered 507\n"
       "  caused by: " +
           std::string(300, 'x') + "...\n"},
      {"what is no plain text", answer(409, "0\x01\x02", "application/octet-stream"), "",
       Code::bad_input, "error: cannot push: the registry answered 409\n"},
      {"a number out of range", answer(404, R"({"errors":[{"code":"GONE","detail":1e400}]})"), "",
       Code::not_found, "error: cannot push: the registry answered 404\n"},
      {"rate", answer(429, R"({"errors":[{"code":"TOOMANYREQUESTS"}]})"), "", Code::network,
       "error: cannot push: the registry answered 429 TOOMANYREQUESTS\n"
       "hint: the registry limits the rate: try again later\n"},
      {"rate for a while",
       {429, {{"retry-after", "3600"}}, "", {"https", "ghcr.io", "/"}},
       "",
       Code::network,
       "error: cannot push: the registry answered 429\n"
       "hint: the registry limits the rate: try again in 60 minutes\n"},
      {"pause",
       {503, {{"retry-after", "7201"}}, "", {"https", "ghcr.io", "/"}},
       "",
       Code::network,
       "error: cannot push: the registry answered 503\n"
       "hint: the registry asks for a pause: try again in 3 hours\n"},
      {"broken", answer(500, "{"), "", Code::network,
       "error: cannot push: the registry answered 500\n"},
      {"page", answer(502, "<html>", "text/html"), "", Code::network,
       "error: cannot push: `ghcr.io` answered 502 with a web page\n"
       "hint: check that `ghcr.io` is the registry's address, and that no proxy answers for it\n"},
      {"page in place of the registry", answer(200, "<html>", "text/html"), "", Code::bad_input,
       "error: cannot push: `ghcr.io` answered 200 with a web page\n"
       "hint: check that `ghcr.io` is the registry's address, and that no proxy answers for it\n"},
      {"page of a gateway that wants a login", answer(401, "<html>", "text/html"), "", Code::denied,
       "error: cannot push: `ghcr.io` answered 401 with a web page\n"
       "hint: log in: `wasmctl login ghcr.io`\n"
       "hint: check that `ghcr.io` is the registry's address, and that no proxy answers for it\n"},
      {"page of a proxy that wants a login", answer(407, "<html>", "text/html"), "", Code::denied,
       "error: cannot push: `ghcr.io` answered 407 with a web page\n"
       "hint: name the proxy with its login in HTTP_PROXY and HTTPS_PROXY: "
       "http://USER:PASSWORD@HOST\n"
       "hint: check that `ghcr.io` is the registry's address, and that no proxy answers for it\n"},
      {"page of a size that is too large", answer(413, "<html>", "text/html"), "", Code::bad_input,
       "error: cannot push: `ghcr.io` answered 413 with a web page\n"
       "hint: the registry, or a proxy before it, limits the size of a request\n"
       "hint: check that `ghcr.io` is the registry's address, and that no proxy answers for it\n"},
      {"TLS", answer(400, "Client sent an HTTP request to an HTTPS server.\n", "text/plain"), "",
       Code::network,
       "error: cannot push: `ghcr.io` speaks TLS\n"
       "hint: leave --plain-http out\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto error =
        refusal("cannot push", c.response, {"https", "ghcr.io", "/"},
                {.registry = "ghcr.io", .repository = "acme/a", .login = c.login, .scope = ""});
    CHECK(error.code() == c.code);
    CHECK(format_error(error) == c.want);
  }
}

TEST_CASE("a refusal names the scope of the token, and what a push may lack") {
  const http::Url url{"https", "ghcr.io", "/"};
  const RequestContext context{.registry = "docker.io",
                               .repository = "acme/a",
                               .login = "user `me`",
                               .scope = "repository:acme/a:pull",
                               .writes = true};
  CHECK(format_error(refusal("cannot push", answer(403, ""), url, context)) ==
        "error: cannot push: the registry answered 403\n"
        "  caused by: it was asked as user `me`, for the scope `repository:acme/a:pull`\n"
        "hint: log in with the right to do so: `wasmctl login docker.io`\n");
  CHECK(format_error(refusal("cannot push", answer(404, R"({"errors":[{"code":"NAME_UNKNOWN"}]})"),
                             url, context)) ==
        "error: cannot push: the registry answered 404 NAME_UNKNOWN\n"
        "hint: check the repository's name; some registries want it to be made before a push\n");
}

TEST_CASE("parse_errors takes what is well formed, and no more than is read") {
  const struct {
    std::string body;
    std::size_t want;
  } cases[] = {
      {"", 0},
      {"[]", 0},
      {R"({"errors":{}})", 0},
      {R"({"errors":[1]})", 0},
      {R"({"errors":[{"code":1,"message":[]}]})", 1},
      {R"({"errors":[{},{},{},{},{}]})", 3},
      {std::string(200, '['), 0},
  };
  for (const auto& c : cases) {
    CAPTURE(c.body);
    CHECK(parse_errors(c.body).size() == c.want);
  }
}

TEST_CASE("printable text moves no cursor and fills no screen") {
  CHECK(printable("a\x1b[31m\nb\x7f\t") == "a [31m b  ");
  CHECK(printable(std::string(301, 'x')) == std::string(300, 'x') + "...");
  CHECK(printable("Grüße") == "Grüße");
}
