// What is read of a line and of a document, and what is never shown of them.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "explain/document.hpp"
#include "explain/log_line.hpp"
#include "explain/needles.hpp"
#include "explain/pattern.hpp"
#include "explain/secrets.hpp"

using namespace wasmctl::explain;  // NOLINT(google-build-using-namespace)

TEST_CASE("a line is taken out of what loggers put around it") {
  struct Case {
    std::string line, text, thread, level;
    double seconds;  // below 0: none
  };
  const std::vector<Case> cases = {
      {"[2026-11-26 16:15:53.500][22][error][wasm] [source/a.cc:38] text", "text", "22", "error",
       58553.5},
      {"[error][wasm] [source/a.cc:38] text", "text", "", "error", -1},
      {"2026-11-26T16:15:53.5Z\terror\tenvoy wasm source/a.cc:38\ttext\tthread=22", "text", "22",
       "error", 58553.5},
      {"2026-11-26T16:15:53.5Z\terror\twasm\ttext: with\ttab", "text: with\ttab", "", "error",
       58553.5},
      {"2026-11-26T16:15:53.5Z\twarn\ttext", "text", "", "warn", 58553.5},
      {"2026-11-26T16:15:53.5Z     error   envoy wasm      text    thread=22",
       "error   envoy wasm      text", "22", "error", 58553.5},
      {"2026-11-26T00:00:01.5Z stderr F 2026-11-26T16:15:53.5Z\terror\twasm\ttext", "text", "",
       "error", 58553.5},
      {"[pod/web-1/istio-proxy] 2026-11-26T16:15:53.5Z\terror\twasm\ttext", "text", "", "error",
       58553.5},
      {"web-1  | [2026-11-26 16:15:53.5][7][error][wasm] [a:1] text", "text", "7", "error",
       58553.5},
      {R"({"level":"error","time":"2026-11-26T16:15:53.5Z","msg":"a \"text\""})", "a \"text\"", "",
       "error", 58553.5},
      {R"({"log":"2026-11-26T16:15:53.5Z\terror\twasm\ttext\tthread=22","stream":"stdout"})",
       "text", "22", "error", 58553.5},
      {"  0:  0x16a - abort\tthread=22", "  0:  0x16a - abort", "22", "", -1},
      {"wasm://wasm/cb873326:257: Uncaught RuntimeError: unreachable",
       "wasm://wasm/cb873326:257: Uncaught RuntimeError: unreachable", "", "", -1},
      {"", "", "", "", -1},
      {"[", "[", "", "", -1},
      {"{", "{", "", "", -1},
  };
  for (const auto& [line, text, thread, level, seconds] : cases) {
    CAPTURE(line);
    const auto read = read_log_line(line);
    CHECK(read.text == text);
    CHECK(read.thread == thread);
    CHECK(read.level == level);
    CHECK(read.seconds.value_or(-1) == doctest::Approx(seconds));
  }
}

TEST_CASE("secrets are taken out, and nothing else") {
  struct Case {
    std::string line, masked;
  };
  const std::vector<Case> cases = {
      {"oci://user:pass@ghcr.io/a", "oci://***@ghcr.io/a"},
      {"https://ghcr.io/a?token=abc&x=1", "https://ghcr.io/a?token=***&x=1"},
      {"authorization: Bearer eyJhbGciOiJIUzI1NiJ9", "authorization: ***"},
      {"sent Bearer eyJhbGciOiJIUzI1NiJ9.e30 away", "sent Bearer *** away"},
      {"Basic dXNlcjpwYXNzd29yZA==", "Basic ***"},
      {R"("password": "a b", "user": "u")", R"("password": "***", "user": "u")"},
      {R"({"inline_string": "-----BEGIN \"KEY", "a": 1})", R"({"inline_string": "***", "a": 1})"},
      {R"({\"client_secret\":\"abc\",\"a\":1})", R"({\"client_secret\":\"***\",\"a\":1})"},
      {R"("ISTIO_META_WASM_IMAGE_PULL_SECRET":"{auths}")",
       R"("ISTIO_META_WASM_IMAGE_PULL_SECRET":"***")"},
      {"password: abc", "password: ***"},
      {"seen cookie: a=b; x-api-key: abc, x: 1", "seen cookie: ***; x-api-key: ***, x: 1"},
      {"https://a.blob.local/f.wasm?se=1&sig=a%2Bb&sp=r",
       "https://a.blob.local/f.wasm?se=1&sig=***&sp=r"},
      {R"({"auths":{"r":{"auth":"dTpw"}}, ".dockerconfigjson": "e30="})",
       R"({"auths":{"r":{"auth":"***"}}, ".dockerconfigjson": "***"})"},
      {"signal=9 auth: refused author=me", "signal=9 auth: refused author=me"},
      // Errors speak of secrets.
      {"cannot fetch Wasm module a: missing image pulling secret",
       "cannot fetch Wasm module a: missing image pulling secret"},
      {"rejected unsafe bearer realm: realm targets localhost",
       "rejected unsafe bearer realm: realm targets localhost"},
      {"no token in bearer response: x", "no token in bearer response: x"},
      {"secret default/regcred not found", "secret default/regcred not found"},
      {"me@example.com asked http://a/b@c", "me@example.com asked http://a/b@c"},
  };
  for (const auto& [line, expected] : cases) CHECK(masked(line) == expected);
}

TEST_CASE("parameters of a request's target that carry secrets") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"/", "/"},
      {"/a?b=1&c", "/a?b=1&c"},
      {"/a?access_token=x,y)z&b=2", "/a?access_token=***&b=2"},
      {"/a?b=tokens&API_KEY=1&X-Amz-Signature=2", "/a?b=tokens&API_KEY=***&X-Amz-Signature=***"},
      {"/a?token=", "/a?token="},
      {"/a?client_secret=a=b", "/a?client_secret=***"},
      {"/a?next=http://u:p@h/", "/a?next=***"},
      {"/a?http://u:p@h/", "/a?http://***@h/"},
  };
  for (const auto& [target, expected] : cases) CHECK(masked_target(target) == expected);
}

TEST_CASE("evidence is cut around what it is about, never within a character") {
  const std::string ends(2000, 'x');
  const auto shown = shown_around(ends + "here" + ends, 2000);
  CHECK(shown.size() <= kMostShown + 6);
  CHECK(shown.find("here") != std::string::npos);
  CHECK(shown.starts_with("..."));
  CHECK(shown.ends_with("..."));
  std::string umlauts;
  for (int i = 0; i < 1000; ++i) umlauts += "\xc3\xa4";
  for (const std::size_t at : {0U, 501U, 1999U}) {
    const auto cut = shown_around(umlauts, at);
    const auto begin = cut.find('\xc3');
    CHECK((begin == 0 || begin == 3));
    CHECK(cut[cut.find_last_not_of('.')] == '\xa4');
  }
}

namespace {

class Recorder : public DocumentSink {
 public:
  void enter(std::string_view key) override { said += std::string(key) + "("; }
  void leave() override { said += ")"; }
  void value(std::string_view key, std::string_view text, std::size_t line) override {
    said += std::string(key) + "=" + std::string(text) + "@" + std::to_string(line) + " ";
  }
  std::string said;
};

std::string walked(std::string_view text, std::size_t piece) {
  Recorder recorder;
  JsonWalker walker(recorder);
  for (std::size_t at = 0; at < text.size(); at += piece) walker.write(text.substr(at, piece));
  walker.finish();
  return recorder.said;
}

}  // namespace

TEST_CASE("JSON is walked in pieces of any size") {
  struct Case {
    std::string text, said;
  };
  const std::vector<Case> cases = {
      {"{\"a\": [1, true,\n \"x\\ny\"], \"b\": {}}", "(a(=1@1 =true@1 =x\ny@2 )b())"},
      {R"("\u00e4\ud83d\ude00\udc00")", "=\xc3\xa4\xf0\x9f\x98\x80\xef\xbf\xbd@1 "},
      {R"({"a":{"b":"c)", "(a())"},
      {"]}", ""},
      {"{}{}", "()()"},
      {R"({"key" : "a:b,c"})", "(key=a:b,c@1 )"},
  };
  for (const auto& [text, said] : cases) {
    for (const std::size_t piece : {1U, 3U, 1000U}) {
      CAPTURE(text);
      CHECK(walked(text, piece) == said);
    }
  }
  CHECK(walked(std::string(100'000, '['), 1000).size() < 1000);
  CHECK(walked("\"" + std::string(200'000, 'x') + "\"", 1000).size() < kMaxValueBytes + 10);
}

TEST_CASE("needles are found whatever their case, and those within others") {
  const Needles needles({"she", "he", "hers", "wasm vm"});
  CHECK(needles.all_in("USHERS of the Wasm VM") == std::vector<std::size_t>{0, 1, 2, 3});
  CHECK(needles.all_in("nothing").empty());
  CHECK(needles.find("us he", 0) == 5);
  CHECK(needles.find("us he", 4) == std::string_view::npos);
  CHECK(needles.find("", 0) == std::string_view::npos);
}

TEST_CASE("a pattern's places") {
  const Pattern pattern("Plugin <plugin> failed <...>: <why...>");
  const auto match = pattern.match("x PLUGIN a.b failed to load: no code ");
  REQUIRE(match);
  CHECK(match->begin == 2);
  REQUIRE(match->captures.size() == 2);
  CHECK(match->captures[0].value == "a.b");
  CHECK(match->captures[1].value == "no code");
  CHECK(!pattern.match("Plugin a b failed: x"));
  CHECK(Pattern("n: <count>").match("n: 12"));
  CHECK(!Pattern("n: <count>").match("n: 0"));
  CHECK(!Pattern("n: <count>").match("n: many"));
  CHECK(Pattern("import: <name>").match("import: env.f, and more")->captures[0].value == "env.f");
}
