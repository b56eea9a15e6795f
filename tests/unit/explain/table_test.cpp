// Each row of the table, by an input as its producer writes it, in each form in which it may come.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "explain/catalogue.hpp"
#include "explain/explainer.hpp"
#include "explain/pattern.hpp"
#include "explain/sight.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

namespace {

explain::Report explained(const std::string& text) {
  explain::Explainer explainer;
  explainer.begin("in");
  explainer.write(text);
  explainer.end();
  return explainer.finish();
}

// The code of all that was found, the first cause first.
std::string codes(const explain::Report& report) {
  std::string codes;
  for (const auto* list : {&report.causes, &report.remarks, &report.signs}) {
    for (const auto& found : *list)
      codes += (codes.empty() ? "" : " ") + std::string(found.sight->code);
  }
  return codes;
}

std::string as_json(std::string_view message) {
  return nlohmann::json{
      {"level", "error"}, {"time", "2026-11-26T16:15:53.129123Z"}, {"msg", message}}
      .dump();
}

std::string as_event(std::string_view message) {
  return nlohmann::json{{"apiVersion", "v1"}, {"kind", "Event"}, {"message", message}}.dump(2);
}

struct Wrapping {
  const char* name;
  std::function<std::string(std::string_view)> wrap;
};

std::vector<Wrapping> wrappings(explain::Producer producer) {
  const auto before = [](const std::string& prefix) {
    return [prefix](std::string_view text) { return fmt::format("{}{}\n", prefix, text); };
  };
  std::vector<Wrapping> all = {{"alone", before("")}};
  switch (producer) {
    case explain::Producer::envoy:
    case explain::Producer::higress:
      all.push_back(
          {"Envoy", before("[2026-11-26 16:15:53.129][22][error][wasm] [source/x.cc:38] ")});
      all.push_back({"istio-proxy", [](std::string_view text) {
                       return fmt::format(
                           "2026-11-26T16:15:53.129123Z\terror\tenvoy wasm external/envoy/"
                           "source/x.cc:38\t{}\tthread=22\n",
                           text);
                     }});
      [[fallthrough]];
    case explain::Producer::agent:
    case explain::Producer::istiod:
    case explain::Producer::gateway:
      all.push_back({"agent", before("2026-11-26T16:15:53.129123Z\terror\twasm\t")});
      all.push_back({"agent without a scope", before("2026-11-26T16:15:53.129123Z\terror\t")});
      all.push_back({"JSON", [](std::string_view text) { return as_json(text) + "\n"; }});
      all.push_back(
          {"kubectl --timestamps",
           before("2026-11-26T16:15:53.129123456Z 2026-11-26T16:15:53.129123Z\terror\twasm\t")});
      all.push_back({"kubectl --prefix",
                     before("[pod/web-1/istio-proxy] 2026-11-26T16:15:53.129123Z\terror\twasm\t")});
      all.push_back({"CRI", before("2026-11-26T16:15:53.129123456Z stderr F "
                                   "2026-11-26T16:15:53.129123Z\terror\twasm\t")});
      all.push_back({"Windows", [](std::string_view text) { return fmt::format("{}\r\n", text); }});
      break;
    case explain::Producer::kubernetes:
      all.push_back({"describe", before("  Warning  FailedMount  3s (x5 over 19s)  kubelet  ")});
      all.push_back({"get events -o json", as_event});
      break;
    case explain::Producer::access_log:
    case explain::Producer::admin:
    case explain::Producer::status:
      break;
  }
  return all;
}

}  // namespace

TEST_CASE("each form of each row is known by its code") {
  for (const auto& sight : explain::sights()) {
    // A document's words are made by the reader itself.
    for (const auto& form : sight.forms) {
      for (const auto& [name, wrap] : wrappings(sight.producer)) {
        CAPTURE(name);
        CAPTURE(form.example);
        CHECK(codes(explained(wrap(form.example))) == sight.code);
      }
    }
  }
}

TEST_CASE("the rows are whole") {
  std::set<std::string_view> codes;
  for (const auto& sight : explain::sights()) {
    CAPTURE(sight.code);
    CHECK(codes.insert(sight.code).second);
    CHECK(sight.code.size() == 5);
    CHECK(!sight.forms.empty());
    CHECK(!sight.cause.empty());
    CHECK(!sight.cause.ends_with('.'));
    CHECK(!sight.remedy.empty());
    CHECK(!sight.source.empty());
    CHECK((sight.role == explain::Role::consequence) == (sight.step > 0));
  }
  CHECK(std::ranges::is_sorted(explain::sights(), {}, &explain::Sight::code));
}

TEST_CASE("what a sentence names is captured by a form") {
  for (const auto& sight : explain::sights()) {
    std::set<std::string_view> captured = {"plugin"};
    for (const auto& form : sight.forms) {
      for (const auto name : explain::Pattern(form.pattern).names()) captured.insert(name);
    }
    for (const auto text : {sight.cause, sight.remedy}) {
      for (auto at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
        const auto name = text.substr(at + 1, text.find('>', at) - at - 1);
        CAPTURE(sight.code);
        CAPTURE(name);
        CHECK(captured.contains(name));
      }
    }
  }
}

TEST_CASE("each form fills its row's sentence") {
  for (const auto& sight : explain::sights()) {
    for (const auto& form : sight.forms) {
      const auto report = explained(std::string(form.example) + "\n");
      for (const auto* list : {&report.causes, &report.remarks, &report.signs}) {
        for (const auto& found : *list) {
          CAPTURE(form.example);
          CHECK(found.cause.find("...") == std::string::npos);
        }
      }
    }
  }
}

TEST_CASE("needles are long enough to be rare") {
  for (const auto& row : explain::catalogue().rows) {
    CAPTURE(row.sight == nullptr ? row.mark->pattern : std::string_view(row.sight->code));
    CHECK(row.pattern.needle().size() >= 6);
  }
}
