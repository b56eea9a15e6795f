#include "registry/client.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "script.hpp"

using namespace wasmctl;            // NOLINT(google-build-using-namespace)
using namespace wasmctl::registry;  // NOLINT(google-build-using-namespace)
using test::Answer;
using test::Exchange;
using Kind = http::TransportError::Kind;

namespace {

Credentials me() {
  return {"me", "s3cret", {}, {}, "FILE"};
}

const std::string kScope = "repository:a:pull";

// "200", or the error: of one GET of /v2/a within kScope.
std::string ask(const std::vector<Exchange>& exchanges, std::optional<Credentials> credentials = {},
                const std::string& host = test::kHost) {
  test::Script network(exchanges);
  Options options;
  options.credentials = std::move(credentials);
  options.env = [](const std::string&) { return std::nullopt; };
  options.network = [&](const http::Options&) { return network.network(); };
  RegistryClient client(host, "a", options);
  Call call;
  call.request.url = client.url("/v2/a");
  call.action = "cannot read";
  call.scope = kScope;
  std::string result;
  try {
    const auto response = client.send(call);
    if (!http::is_success(response)) throw client.refusal(call, response);
    result = std::to_string(response.status);
  } catch (const Error& error) {
    result = format_error(error);
  }
  network.check_done();
  return result;
}

Answer challenge(const std::string& text, int status = 401) {
  return {status, {{"www-authenticate", text}}};
}

const std::string kBearer = R"(Bearer realm="https://auth.example/token",service="s")";
const std::string kToken = "GET https://auth.example/token?service=s&scope=repository%3Aa%3Apull";

}  // namespace

TEST_CASE("a login is sent when it is asked for, and as it is asked for") {
  const struct {
    const char* name;
    std::vector<Exchange> script;
    std::optional<Credentials> credentials;
    std::string want;
  } cases[] = {
      {"nobody asks", {{"GET /v2/a", Answer{200}}}, me(), "200"},
      {"by password",
       {{"GET /v2/a", challenge(R"(Basic realm="x")")}, {"GET /v2/a as me", Answer{200}}},
       me(),
       "200"},
      {"a challenge with a token before it",
       {{"GET /v2/a", challenge(R"(Negotiate YII/abc==, Basic realm="x")")},
        {"GET /v2/a as me", Answer{200}}},
       me(),
       "200"},
      {"without a challenge",
       {{"GET /v2/a", Answer{401}}, {"GET /v2/a as me", Answer{200}}},
       me(),
       "200"},
      {"without a challenge or a login",
       {{"GET /v2/a", Answer{401}}},
       Credentials{},
       "error: cannot read: the registry answered 401\n"
       "hint: check the user and the password; some registries want a token in its place\n"},
      {"a challenge that is not spoken is no reason to send a password",
       {{"GET /v2/a", challenge("Negotiate YII/abc==")}},
       me(),
       "error: cannot read: the registry answered 401\n"
       "  caused by: it wants a login by `negotiate`, which wasmctl does not speak\n"
       "hint: ask its owner for a login by password or token\n"},
      {"403 with a challenge",
       {{"GET /v2/a", challenge(R"(Basic realm="x")", 403)}, {"GET /v2/a as me", Answer{200}}},
       me(),
       "200"},
      {"403 with a challenge to who has said who it is",
       {{"GET /v2/a", challenge(R"(Basic realm="x")")},
        {"GET /v2/a as me", challenge(R"(Basic realm="x")", 403)}},
       me(),
       "error: cannot read: the registry answered 403\n"
       "  caused by: it was asked as user `me` (from FILE)\n"
       "hint: log in with the right to do so: `wasmctl login r.example`\n"},
      {"403 without a challenge",
       {{"GET /v2/a", Answer{403}}},
       me(),
       "error: cannot read: the registry answered 403\n"
       "  caused by: it was asked without a login\n"
       "hint: log in with the right to do so: `wasmctl login r.example`\n"},
      {"by a token",
       {{"GET /v2/a", challenge(kBearer)},
        {kToken + " as me", Answer{200, {}, R"({"token":"T"})"}},
        {"GET /v2/a by T", Answer{200}}},
       me(),
       "200"},
      {"by a token of a wider scope",
       {{"GET /v2/a", challenge(kBearer)},
        {kToken + " as me", Answer{200, {}, R"({"access_token":"T"})"}},
        {"GET /v2/a by T", challenge(kBearer + R"(,scope="repository:a:pull,push")", 403)}},
       me(),
       "error: cannot read: the registry answered 403\n"
       "  caused by: it was asked as user `me` (from FILE), for the scope `repository:a:pull`\n"
       "hint: log in with the right to do so: `wasmctl login r.example`\n"},
      {"403 where the token is not enough from the start",
       {{"GET /v2/a", challenge(kBearer + R"(,scope="registry:catalog:*")", 403)},
        {kToken + "&scope=registry%3Acatalog%3A%2A as me", Answer{200, {}, R"({"token":"T"})"}},
        {"GET /v2/a by T", Answer{200}}},
       me(),
       "200"},
      {"a page in place of a token",
       {{"GET /v2/a", challenge(kBearer)},
        {kToken + " as me", Answer{200, {{"content-type", "text/html"}}, "<html>"}}},
       me(),
       "error: no token from `auth.example`: `auth.example` answered 200 with a web page\n"
       "hint: check that `auth.example` is the registry's address, and that no proxy answers for "
       "it\n"},
      {"a number out of range in place of a token",
       {{"GET /v2/a", challenge(kBearer)},
        {kToken + " as me", Answer{200, {}, R"({"token":"T","expires_in":1e400})"}}},
       me(),
       "error: no token from `auth.example`: its answer has a number that no double can hold\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(ask(c.script, c.credentials) == c.want);
  }
}

TEST_CASE("what passes is tried again, at most three times") {
  const std::string get = "GET /v2/a";
  const auto pause = [](const char* text) { return Answer{429, {{"retry-after", text}}}; };
  const struct {
    const char* name;
    std::vector<Exchange> script;
    std::string want;
  } cases[] = {
      {"a pause", {{get, pause("0")}, {get, pause("2")}, {get, Answer{200}}}, "200"},
      {"a long pause is not waited for",
       {{get, pause("3600")}},
       "error: cannot read: the registry answered 429\n"
       "hint: the registry limits the rate: try again in 60 minutes\n"},
      {"a storm",
       {{get, Answer{503}}, {get, Answer{502}}, {get, Answer{500}}, {get, Answer{200}}},
       "200"},
      {"a storm without end",
       {{get, Answer{503}}, {get, Answer{503}}, {get, Answer{503}}, {get, Answer{503}}},
       "error: cannot read: the registry answered 503\n"},
      {"cut", {{get, Kind::silent}, {get, Kind::broken}, {get, Answer{200}}}, "200"},
      {"cut without end",
       {{get, Kind::silent}, {get, Kind::silent}, {get, Kind::silent}, {get, Kind::silent}},
       "error: the connection broke\n"},
      {"a restart: refused once it was there",
       {{get, Answer{503}}, {get, Kind::unconnected}, {get, Answer{200}}},
       "200"},
      {"nobody there", {{get, Kind::unconnected}}, "error: the connection broke\n"},
      {"a refusal", {{get, Answer{400}}}, "error: cannot read: the registry answered 400\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(ask(c.script) == c.want);
  }
}

TEST_CASE("a token server that fails for a moment, or sends on") {
  const Credentials identity{{}, {}, "i", {}, "FILE"};
  const std::string form =
      "grant_type=refresh_token&service=s&client_id=wasmctl&scope=repository%3Aa%3Apull"
      "&refresh_token=i";
  const auto post = fmt::format("POST https://auth.example/token +{}", form.size());
  const Exchange first = {"GET /v2/a", challenge(kBearer)};
  const Exchange last = {"GET /v2/a by T", Answer{200}};
  const Answer token{200, {}, R"({"token":"T"})"};
  const auto sends_to = [](const char* location) { return Answer{307, {{"location", location}}}; };
  for (const auto& [credentials, asked] : {std::pair(me(), kToken + " as me"), {identity, post}}) {
    CAPTURE(asked);
    CHECK(ask({first, {asked, Answer{503}}, {asked, Answer{503}}, {asked, token}, last},
              credentials) == "200");
    CHECK(ask({first, {asked, Kind::silent}, {asked, token}, last}, credentials) == "200");
    CHECK(ask({first, {asked, Answer{401}}}, credentials)
              .starts_with("error: no token from `auth.example`: it answered 401\n"));
  }
  CHECK(ask({first,
             {kToken + " as me", sends_to("/moved")},
             {"GET https://auth.example/moved as me", token},
             last},
            me()) == "200");
  CHECK(ask({first,
             {kToken + " as me", sends_to("https://other.example/")},
             {"GET https://other.example/", token},
             last},
            me()) == "200");
  CHECK(ask({first, {post, sends_to("https://other.example/")}}, identity) ==
        "error: no token from `auth.example`: `auth.example` redirects a login to another host, "
        "`other.example`\n");
}

TEST_CASE("on loopback it is found out whether TLS is spoken") {
  const std::string plain = "GET http://localhost/v2/a";
  const std::string tls = "GET https://localhost/v2/a";
  const std::string broke = "error: the connection broke\n";
  const Answer speaks_tls{400, {}, "Client sent an HTTP request to an HTTPS server.\n"};
  const struct {
    const char* name;
    std::vector<Exchange> script;
    std::string want;
  } cases[] = {
      {"plain HTTP", {{plain, Answer{200}}}, "200"},
      {"TLS that says so", {{plain, speaks_tls}, {tls, Answer{200}}}, "200"},
      {"TLS that hangs up", {{plain, Kind::broken}, {tls, Answer{200}}}, "200"},
      {"TLS on its own port alone", {{plain, Kind::unconnected}, {tls, Answer{200}}}, "200"},
      {"TLS with a certificate that nobody knows, at once",
       {{plain, Kind::silent}, {tls, Kind::certificate}},
       broke},
      {"the same on its own port", {{plain, Kind::unconnected}, {tls, Kind::certificate}}, broke},
      {"nobody at all", {{plain, Kind::unconnected}, {tls, Kind::unconnected}}, broke},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(ask(c.script, {}, "localhost") == c.want);
  }
  // On another port there is no second one.
  CHECK(ask({{"GET http://localhost:5000/v2/a", Kind::unconnected}}, {}, "localhost:5000") ==
        broke);
}
