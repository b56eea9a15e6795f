#include "host/recording/recorded_suite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "host/header_map.hpp"
#include "host/recording/disguise.hpp"
#include "host/recording/event.hpp"
#include "host/recording/stream_test.hpp"
#include "host/suite/input.hpp"
#include "host/suite/inputs.hpp"
#include "host/suite/run.hpp"
#include "yaml/write.hpp"

namespace wasmctl::host {

namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::uint64_t kMostInstructionsOfReplay = 1'000'000'000;
constexpr std::size_t kLongestComment = 300;

constexpr std::string_view kHeading =
    "# Recorded by `wasmctl run --record`: what came through Envoy, and what the plugin made of "
    "it.\n";
constexpr std::string_view kDisguised =
    "# Values of headers that carry credentials, and the same bytes elsewhere, are replaced by\n"
    "# others of the same length.\n";

OrderedJson matcher(const std::string& bytes) {
  auto value = OrderedJson::object();
  put_bytes(value, "exact", bytes);
  return value;
}

OrderedJson header(const std::string& key, std::string_view text) {
  OrderedJson value{{"key", key}};
  put_bytes(value, "value", std::string(text));
  return value;
}

OrderedJson headers(const Pairs& pairs) {
  auto list = OrderedJson::array();
  const HeaderMap joined(HeaderForm::joined, pairs);
  for (const auto& [key, value] : joined.pairs()) list.push_back(header(key, value));
  return list;
}

bool goes_on(HeadersStatus status) {
  return status == HeadersStatus::proceed || status == HeadersStatus::proceed_and_end_stream;
}

// What one phase is expected to come to.
class Expected {
 public:
  explicit Expected(LogLevel least) : least_(least) {}

  OrderedJson of(const PhaseOutcome& phase, const Input& input,
                 const std::vector<LogLine>& logged) {
    auto value = OrderedJson::object();
    const auto& result = phase.result;
    if (!is_over_) {
      if (result.local.status != 0) {
        add_local(value, result);
      } else if (result.close) {
        value["close"] = to_string(*result.close);
      } else {
        add_message(value, phase, input);
      }
      is_over_ = result.local.status != 0 || result.close;
    }
    add_log(value, logged);
    return value;
  }

  void add_log(OrderedJson& value, const std::vector<LogLine>& logged) const {
    for (const auto& line : logged) {
      if (line.level >= least_) value["log"].push_back(matcher(line.message));
    }
  }

 private:
  static void add_local(OrderedJson& value, const PhaseResult& result) {
    value["immediate"]["http_status"] = result.local.status;
    if (!result.local.details.empty())
      value["immediate"]["details"] = matcher(result.local.details);
    if (auto list = headers(result.headers); !list.empty()) value["has_header"] = std::move(list);
    if (!result.body.empty()) value["body"].push_back(matcher(result.body));
  }

  static void add_message(OrderedJson& value, const PhaseOutcome& phase, const Input& input) {
    const auto& result = phase.result;
    switch (phase.phase) {
      case Phase::request_body:
      case Phase::response_body:
      case Phase::downstream_data:
      case Phase::upstream_data:
        if (result.body != input.content) value["body"].push_back(matcher(result.body));
        break;
      case Phase::request_headers:
      case Phase::response_headers:
        add_changes(value, pairs_of(input.header), result.headers);
        break;
      case Phase::request_trailers:
      case Phase::response_trailers:
        if (goes_on(result.status)) add_changes(value, pairs_of(input.header), result.headers);
        break;
      default:
        break;
    }
    if (!goes_on(result.status)) value["action"] = "pause";
  }

  static void add_changes(OrderedJson& value, const Pairs& before, const Pairs& after) {
    const HeaderMap was(HeaderForm::joined, before);
    const HeaderMap is(HeaderForm::joined, after);
    for (const auto& [key, text] : is.pairs()) {
      if (was.get(key) != text) value["has_header"].push_back(header(key, text));
    }
    for (const auto& [key, text] : was.pairs()) {
      if (!is.get(key)) value["no_header"].push_back({{"key", key}});
    }
  }

  LogLevel least_;
  bool is_over_ = false;  // the plugin has answered, or closed the stream
};

// Where an invocation is in a test, and in the test's JSON.
struct Place {
  const Input* input = nullptr;
  OrderedJson* json = nullptr;
};

class Places {
 public:
  Places(const Test& test, OrderedJson& json) {
    add(test.request_headers, json, "request_headers");
    add_list(test.request_body, json, "request_body");
    add(test.request_trailers, json, "request_trailers");
    add(test.response_headers, json, "response_headers");
    add_list(test.response_body, json, "response_body");
    add(test.response_trailers, json, "response_trailers");
    add(test.new_connection, json, "new_connection");
    for (std::size_t i = 0; i < test.connection.size(); ++i)
      add_event(test.connection[i], json["connection"][i]);
  }

  const std::vector<Place>& all() const { return places_; }

 private:
  void add(const std::optional<Invocation>& invocation, OrderedJson& json, const char* name) {
    if (invocation) places_.push_back({&invocation->input, &json[name]});
  }
  void add_list(const std::vector<Invocation>& invocations, OrderedJson& json, const char* name) {
    for (std::size_t i = 0; i < invocations.size(); ++i)
      places_.push_back({&invocations[i].input, &json[name][i]});
  }
  void add_event(const ConnectionEvent& event, OrderedJson& json) {
    add(event.downstream_data, json, "downstream_data");
    add(event.upstream_data, json, "upstream_data");
    add(event.downstream_close, json, "downstream_close");
  }

  std::vector<Place> places_;
};

struct Lines {
  std::vector<std::string> plain;
  std::vector<std::string> shown;  // the same without secrets: they are told by their bytes, which
                                   // a line has in quotes
};

// The lines of a stream's callbacks, but for those that the tap has added to the module.
Lines lines_of(const std::vector<TapEvent>& events, const wasm::Module& module,
               const Disguise& disguise) {
  TapNumbers numbers(events.empty() ? 0 : events.front().argument(0));  // its first callback
  Lines lines;
  for (const auto& event : events) {
    const bool is_of_callback = event.kind == TapKind::begin || event.kind == TapKind::end;
    if (is_of_callback && module.find_export(event.name()) == nullptr) continue;
    auto line = line_of(event, numbers);
    if (line.empty()) continue;
    lines.plain.push_back(std::move(line));
    lines.shown.push_back(line_of(disguised(disguise, event), numbers));
  }
  return lines;
}

struct Replay {
  TestResult result;
  Lines lines;
};

class SuiteWriter {
 public:
  SuiteWriter(const RecordedPlugin& plugin, const MaskOptions& mask)
      : plugin_(plugin), mask_(mask), disguise_(mask) {
    suite_.env = plugin.env;
    suite_.env.host = SuiteHost::envoy;
    const auto level = plugin.env.log_level;
    least_ = level == SuiteLogLevel::undefined
                 ? LogLevel::info
                 : static_cast<LogLevel>(static_cast<std::uint8_t>(level) - 1);
  }

  RecordedSuite write(const std::vector<RecordedStream>& streams) {
    for (const auto& stream : streams) learn_secrets(stream, disguise_);
    if (!streams.empty()) choose_configuration(streams.front().configuration);
    std::string tests;
    for (const auto& stream : streams) tests += test_or_comment(stream);
    RecordedSuite written;
    written.text = std::string(kHeading);
    if (mask_.masking == Masking::on) written.text += kDisguised;
    written.text += yaml::write({{"env", inputs_of(suite_, {})["env"]}});
    written.text += written_ == 0 ? "test: []\n" + tests : "test:\n" + tests;
    written.tests = written_;
    written.different = different_;
    return written;
  }

 private:
  // What the plugin got at the end of the road is written down if `test` would not hand it over.
  void choose_configuration(const std::string& used) {
    configuration_ = disguise_.text(used);
    if (configuration_ != plugin_.configuration) suite_.env.config = configuration_;
  }

  // What no suite can say (a name that is no UTF-8) is left out, and the rest is kept.
  std::string test_or_comment(const RecordedStream& stream) {
    ++number_;
    try {
      auto text = test_text(stream);
      ++written_;
      return text;
    } catch (const Error& error) {
      ++different_;
      return fmt::format("# {}. is left out: {}\n", number_, comment_text(error.message()));
    }
  }

  std::string test_text(const RecordedStream& stream) {
    auto plain = stream_test(stream, suite_.env.root_id);
    plain.test.config = stream.configuration;
    const auto& module = plugin_.program->module();
    const auto in_envoy = lines_of(stream.events, module, disguise_);
    auto comment = difference(in_envoy, replay(plain.test).lines, "");

    auto& test = plain.test;
    apply(disguise_, plain);
    const auto replayed = replay(test);
    if (comment.empty()) {
      const auto& there = in_envoy.shown;
      const auto& here = replayed.lines.plain;
      comment = difference({there, there}, {here, here}, " (with its secrets disguised)");
    }
    if (*test.config == configuration_) test.config.reset();
    test.name = fmt::format("{}. {}", number_, comment_text(name_of(test)));
    auto text = comment + yaml::write(OrderedJson::array({json_of(plain, replayed.result)}));
    if (!comment.empty()) ++different_;
    return text;
  }

  static std::string name_of(const Test& test) {
    if (is_of_tcp(test) || !test.request_headers) return "a connection";
    const HeaderMap map(HeaderForm::listed, pairs_of(test.request_headers->input.header));
    return fmt::format("{} {}", map.get(":method").value_or("?"), map.get(":path").value_or("?"));
  }

  Replay replay(const Test& test) const {
    TapObserver observer;
    RunOptions options;
    options.program = plugin_.program;
    options.configuration = plugin_.configuration;
    options.limits.instructions = kMostInstructionsOfReplay;
    options.observer = &observer;
    SharedState shared;
    Replay replay;
    replay.result = run_test(suite_, test, options, shared);
    replay.lines = lines_of(observer.events(), plugin_.program->module(), disguise_);
    return replay;
  }

  static std::string difference(const Lines& in_envoy, const Lines& here, std::string_view when) {
    const auto [wanted, got] = std::ranges::mismatch(in_envoy.plain, here.plain);
    if (wanted == in_envoy.plain.end() && got == here.plain.end()) return {};
    const auto at = static_cast<std::size_t>(wanted - in_envoy.plain.begin());
    const auto shown = [&](const Lines& lines) {
      return at < lines.shown.size() ? comment_text(lines.shown[at]) : "nothing more";
    };
    return fmt::format("# Not as in Envoy{}. There: {}\n# Here: {}\n", when, shown(in_envoy),
                       shown(here));
  }

  // Of any text one line that a comment can hold.
  static std::string comment_text(const std::string& text) {
    std::string line;
    for (const char c : text.substr(0, kLongestComment))
      line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    if (!base::is_utf8(line)) {
      for (auto& c : line) c = static_cast<unsigned char>(c) < 0x80 ? c : '?';
    }
    return text.size() > kLongestComment ? line + "..." : line;
  }

  OrderedJson json_of(const StreamTest& stream, const TestResult& result) const {
    const auto& test = stream.test;
    auto value = inputs_of(suite_, test)["test"][0];
    Expected expected(least_);
    const Places places(test, value);
    for (std::size_t i = 0; i < std::min(places.all().size(), result.phases.size()); ++i) {
      const auto& place = places.all()[i];
      auto wanted = expected.of(result.phases[i], *place.input, stream.logged[i]);
      if (!wanted.empty()) (*place.json)["result"] = std::move(wanted);
    }
    add_calls(value, stream);
    auto created = OrderedJson::object();
    expected.add_log(created, stream.created);
    if (!created.empty()) value["stream_init"] = std::move(created);
    auto destroyed = OrderedJson::object();
    expected.add_log(destroyed, stream.destroyed);
    if (!destroyed.empty()) value["stream_destroy"] = std::move(destroyed);
    return value;
  }

  static void add_calls(OrderedJson& value, const StreamTest& stream) {
    for (std::size_t row = 0; row < stream.test.http_call.size(); ++row) {
      std::vector<const RecordedCall*> calls;
      for (const auto& call : stream.calls) {
        if (call.row == row) calls.push_back(&call);
      }
      auto& callout = value["http_call"][row];
      callout["calls"] = calls.size();
      if (calls.size() != 1) continue;
      callout["request"]["has_header"] = headers(calls.front()->headers);
      if (!calls.front()->body.empty())
        callout["request"]["body"].push_back(matcher(calls.front()->body));
    }
  }

  const RecordedPlugin& plugin_;
  MaskOptions mask_;
  Disguise disguise_;
  Suite suite_;
  LogLevel least_ = LogLevel::info;
  std::string configuration_;  // of the tests that say none
  std::size_t number_ = 0;     // of the stream
  std::size_t written_ = 0;    // tests
  std::size_t different_ = 0;
};

}  // namespace

RecordedSuite recorded_suite(const std::vector<RecordedStream>& streams,
                             const RecordedPlugin& plugin, const MaskOptions& mask) {
  return SuiteWriter(plugin, mask).write(streams);
}

}  // namespace wasmctl::host
