#include "host/recording/stream_test.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "host/abi.hpp"
#include "host/envoy.hpp"
#include "host/hostcalls.hpp"

namespace wasmctl::host {

namespace {

std::vector<Header> listed(const Pairs& pairs) {
  std::vector<Header> headers;
  headers.reserve(pairs.size());
  for (const auto& [name, value] : pairs) headers.push_back({name, value, {}});
  return headers;
}

// What is given in a direction, as far as the plugin keeps it (proxy-wasm's
// StopIterationAndBuffer).
struct KeptBody {
  std::string bytes;      // that the callback sees
  std::size_t kept = 0;   // of them from callbacks before
  bool is_given = false;  // a callback of it runs
};

struct BodyKind {
  std::string_view callback;
  BufferType buffer;
};

constexpr std::array kBodies = {
    BodyKind{"proxy_on_request_body", BufferType::request_body},
    BodyKind{"proxy_on_response_body", BufferType::response_body},
    BodyKind{"proxy_on_downstream_data", BufferType::downstream_data},
    BodyKind{"proxy_on_upstream_data", BufferType::upstream_data},
};

// Foreign functions that the embedded host has.
constexpr std::array<std::string_view, 4> kHostsOwn = {"compress", "uncompress",
                                                       "clear_route_cache", "declare_property"};

class StreamReader {
 public:
  StreamReader(const RecordedStream& stream, const std::string& root_id)
      : stream_(stream), root_id_(root_id) {}

  StreamTest read() {
    for (const auto& event : stream_.events) {
      switch (event.kind) {
        case TapKind::begin:
          begin(event);
          break;
        case TapKind::pairs:
          pairs(event);
          break;
        case TapKind::buffer:
          buffer(event);
          break;
        case TapKind::call:
          call(event);
          break;
        case TapKind::end:
          end(event);
          break;
      }
    }
    return finish();
  }

 private:
  // An invocation of the test, and what is logged from it on.
  struct Given {
    Phase phase = Phase::request_headers;
    Invocation invocation = {};
    std::vector<LogLine> logged = {};
  };

  void begin(const TapEvent& event) {
    const auto name = event.name();
    callback_ = name;
    if (name == "proxy_on_request_headers") {
      give_head(event, Phase::request_headers);
    } else if (name == "proxy_on_request_trailers") {
      give(Phase::request_trailers);
    } else if (name == "proxy_on_response_headers" && !is_answered_) {
      give_head(event, Phase::response_headers);
    } else if (name == "proxy_on_response_trailers" && !is_answered_) {
      give(Phase::response_trailers);
    } else if (name == "proxy_on_request_body") {
      give_body(event, Phase::request_body, 0);
    } else if (name == "proxy_on_response_body" && !is_answered_) {
      give_body(event, Phase::response_body, 1);
    } else if (name == "proxy_on_new_connection") {
      give(Phase::new_connection);
    } else if (name == "proxy_on_downstream_data") {
      give_body(event, Phase::downstream_data, 2);
    } else if (name == "proxy_on_upstream_data") {
      give_body(event, Phase::upstream_data, 3);
    } else if (name == "proxy_on_downstream_connection_close") {
      const auto by = static_cast<CloseType>(event.argument(1));
      if (by == CloseType::remote) give(Phase::downstream_close);
    } else if (name == "proxy_on_done" || name == "proxy_on_log" || name == "proxy_on_delete") {
      is_destroyed_ = true;
    }
    token_ = event.argument(1);
  }

  Invocation& give(Phase phase) { return given_.emplace_back(Given{phase}).invocation; }

  void give_head(const TapEvent& event, Phase phase) {
    auto& invocation = give(phase);
    if (event.arguments.size() > 2 && event.argument(2) != 0) invocation.end_of_stream = true;
  }

  void give_body(const TapEvent& event, Phase phase, std::size_t way) {
    give(phase).end_of_stream = event.argument(2) != 0;
    bodies_[way].is_given = true;
    bodies_[way].bytes.resize(bodies_[way].kept);
  }

  // What the callback gets.
  void pairs(const TapEvent& event) {
    const auto got = listed(read_pairs(event.text(0)));
    switch (static_cast<MapType>(event.id)) {
      case MapType::http_call_headers:
        answers_[token_].header = got;
        break;
      case MapType::http_call_trailers:
        answers_[token_].trailer = got;
        break;
      case MapType::grpc_initial_metadata:
        grpc_answers_[token_].header = got;
        break;
      case MapType::grpc_trailing_metadata:
        grpc_answers_[token_].trailer = got;
        break;
      default:
        if (!is_answered_ || callback_.find("request") != std::string_view::npos)
          given_.back().invocation.input.header = got;
    }
  }

  void buffer(const TapEvent& event) {
    const auto got = std::string(event.text(0));
    const auto type = static_cast<BufferType>(event.id);
    if (type == BufferType::http_call_body) answers_[token_].content = got;
    if (type == BufferType::grpc_message) grpc_answers_[token_].message.push_back(got);
    for (std::size_t way = 0; way < kBodies.size(); ++way) {
      auto& body = bodies_[way];
      if (kBodies[way].buffer != type || !body.is_given) continue;
      given_.back().invocation.input.content = got.substr(std::min(body.kept, got.size()));
      body.bytes = got;
    }
  }

  void end(const TapEvent& event) {
    for (std::size_t way = 0; way < kBodies.size(); ++way) {
      if (kBodies[way].callback == event.name()) end_body(bodies_[way], event.result);
    }
    const bool is_answer = event.name() == "proxy_on_http_call_response";
    if (is_answer) answers_.try_emplace(token_);  // it has come, with nothing in it
    callback_ = {};
  }

  // 1 and 2 keep what there is.
  static void end_body(KeptBody& body, std::uint32_t result) {
    if (!body.is_given) return;
    body.is_given = false;
    body.kept = result == 1 || result == 2 ? body.bytes.size() : 0;
  }

  void call(const TapEvent& event) {
    const auto name = event.name();
    if (name == "proxy_log") {
      log({kStreamContext, static_cast<LogLevel>(event.argument(0)), std::string(event.text(1))});
    }
    if (event.result != 0 && name != "proxy_call_foreign_function") return;
    if (name == "proxy_send_local_response") {
      is_answered_ = true;
    } else if (name == "proxy_continue_stream") {
      const auto type = event.argument(0);
      if (type < bodies_.size()) bodies_[type].kept = 0;
    } else if (name == "proxy_set_buffer_bytes") {
      set_body(event);
    } else if (name == "proxy_get_property") {
      get_property(dotted_path(event.text(0)), event.written(2));
    } else if (name == "proxy_get_current_time_nanoseconds") {
      if (!result_.test.time_ns) result_.test.time_ns = event.written_long_number(0);
    } else if (name == "proxy_set_property") {
      own_properties_.insert(dotted_path(event.text(0)));
    } else if (name == "proxy_get_shared_data") {
      const std::string key(event.text(0));
      if (own_keys_.insert(key).second)
        result_.test.shared_data.push_back({key, std::string(event.written(2))});
    } else if (name == "proxy_set_shared_data") {
      own_keys_.emplace(event.text(0));
    } else if (name == "proxy_call_foreign_function") {
      call_foreign(event);
    } else if (name == "proxy_http_call") {
      calls_.emplace_back(event.written_number(9), event);
    } else if (name == "proxy_grpc_call") {
      grpc_calls_.emplace_back(event.written_number(11), event);
    } else if (name == "proxy_grpc_stream") {
      grpc_calls_.emplace_back(event.written_number(8), event);
    }
  }

  void log(LogLine line) {
    if (is_destroyed_) {
      result_.destroyed.push_back(std::move(line));
    } else if (given_.empty()) {
      result_.created.push_back(std::move(line));
    } else {
      given_.back().logged.push_back(std::move(line));
    }
  }

  // As the embedded host sets it: all of it, before it, or after it.
  void set_body(const TapEvent& event) {
    for (std::size_t way = 0; way < kBodies.size(); ++way) {
      if (kBodies[way].buffer != static_cast<BufferType>(event.argument(0))) continue;
      auto& bytes = bodies_[way].bytes;
      const auto start = event.argument(1);
      if (start >= bytes.size()) {
        bytes += event.text(3);
      } else {
        bytes.replace(0, event.argument(2), event.text(3));
      }
    }
  }

  void get_property(const std::string& path, std::string_view value) {
    if (is_message_property(path) || own_properties_.contains(path)) return;
    if (path == "plugin_root_id" && value == root_id_) return;
    auto& properties = result_.test.properties;
    const auto found = std::ranges::find(properties, path, &Property::path);
    if (found != properties.end()) {
      found->value = value;
    } else {
      properties.push_back({path, "", std::string(value)});
    }
  }

  void call_foreign(const TapEvent& event) {
    const std::string name(event.text(0));
    if (std::ranges::find(kHostsOwn, name) != kHostsOwn.end()) return;
    const auto status = static_cast<Status>(event.result);
    if (status == Status::not_found) return;  // as here
    ForeignFunction function{
        name, std::string(event.text(2)), std::string(event.written(4)), status, std::nullopt, {}};
    result_.test.foreign_function.push_back(std::move(function));
  }

  // --- The test

  StreamTest finish() {
    auto& test = result_.test;
    for (const auto& [token, event] : calls_) add_call(token, event);
    for (const auto& [token, event] : grpc_calls_) add_grpc_call(token, event);
    // In the order of a run, whatever the order in which they came.
    std::ranges::stable_sort(given_, {}, [](const Given& given) {
      return is_of_connection(given.phase) ? Phase::new_connection : given.phase;
    });
    for (auto& given : given_) {
      result_.logged.push_back(std::move(given.logged));
      place(test, given.phase, std::move(given.invocation));
    }
    return std::move(result_);
  }

  static bool is_of_connection(Phase phase) { return phase >= Phase::new_connection; }

  static void place(Test& test, Phase phase, Invocation invocation) {
    switch (phase) {
      case Phase::request_headers:
        test.request_headers = std::move(invocation);
        break;
      case Phase::request_body:
        test.request_body.push_back(std::move(invocation));
        break;
      case Phase::request_trailers:
        test.request_trailers = std::move(invocation);
        break;
      case Phase::response_headers:
        test.response_headers = std::move(invocation);
        break;
      case Phase::response_body:
        test.response_body.push_back(std::move(invocation));
        break;
      case Phase::response_trailers:
        test.response_trailers = std::move(invocation);
        break;
      case Phase::new_connection:
        test.new_connection = std::move(invocation);
        break;
      case Phase::downstream_data:
        test.connection.emplace_back().downstream_data = std::move(invocation);
        break;
      case Phase::upstream_data:
        test.connection.emplace_back().upstream_data = std::move(invocation);
        break;
      case Phase::downstream_close:
        test.connection.emplace_back().downstream_close = std::move(invocation);
        break;
      default:
        break;
    }
  }

  // Calls of one cluster and path have a row, with what the first was answered. One without an
  // answer ends with the stream, which no suite can say: it has the row of a time-out.
  void add_call(std::uint32_t token, const TapEvent& event) {
    const auto headers = read_pairs(event.text(2));
    const auto path = std::ranges::find(headers, ":path", &Pairs::value_type::first);
    Callout row;
    row.cluster = event.text(0);
    if (path != headers.end()) row.path = path->second;
    if (const auto answer = answers_.find(token); answer == answers_.end()) {
      row.failure = Failing::timeout;
    } else if (answer->second.header.empty()) {
      row.failure = Failing::reset;
    } else {
      row.header = answer->second.header;
      row.content = answer->second.content;
      row.trailer = answer->second.trailer;
    }
    auto& rows = result_.test.http_call;
    const auto found = std::ranges::find_if(rows, [&](const Callout& other) {
      return other.cluster == row.cluster && other.path == row.path;
    });
    const auto place = static_cast<std::size_t>(found - rows.begin());
    if (found == rows.end()) rows.push_back(std::move(row));
    result_.calls.push_back({place, headers, std::string(event.text(4))});
  }

  void add_grpc_call(std::uint32_t token, const TapEvent& event) {
    auto& rows = result_.test.grpc_call;
    const std::string service(event.text(2));
    const std::string method(event.text(4));
    const bool is_there = std::ranges::any_of(rows, [&](const GrpcCallout& row) {
      return row.service == service && row.method == method;
    });
    if (is_there) return;
    auto row = grpc_answers_[token];
    row.service = service;
    row.method = method;
    rows.push_back(std::move(row));
  }

  const RecordedStream& stream_;
  const std::string& root_id_;
  StreamTest result_;
  std::vector<Given> given_;
  std::array<KeptBody, kBodies.size()> bodies_;
  std::string_view callback_;                 // that runs
  std::uint32_t token_ = 0;                   // of the callout whose answer it gets
  bool is_answered_ = false;                  // by the plugin
  bool is_destroyed_ = false;                 // the stream has ended
  std::map<std::uint32_t, Callout> answers_;  // by token
  std::map<std::uint32_t, GrpcCallout> grpc_answers_;
  std::vector<std::pair<std::uint32_t, TapEvent>> calls_;
  std::vector<std::pair<std::uint32_t, TapEvent>> grpc_calls_;
  std::set<std::string> own_properties_;
  std::set<std::string> own_keys_;  // of shared data
};

// Of the header or property whose value the argument `i` is.
std::string_view name_before(const TapEvent& event, std::string_view form, std::size_t i) {
  const auto name = form.substr(0, i).rfind('t');
  return name == std::string_view::npos ? "" : event.text(name);
}

void disguise_input(const Disguise& disguise, Input& input) {
  for (auto& [name, value, mark] : input.header) value = disguise.header(name, value);
  input.content = disguise.text(input.content);
}

void disguise_log(const Disguise& disguise, std::vector<LogLine>& lines) {
  for (auto& line : lines) line.message = disguise.text(line.message);
}

void disguise_headers(const Disguise& disguise, std::vector<Header>& headers) {
  for (auto& [name, value, mark] : headers) value = disguise.header(name, value);
}

}  // namespace

StreamTest stream_test(const RecordedStream& stream, const std::string& root_id) {
  return StreamReader(stream, root_id).read();
}

void learn_secrets(const RecordedStream& stream, Disguise& disguise) {
  const auto learn_pairs = [&](std::string_view bytes) {
    for (const auto& [name, value] : read_pairs(bytes)) disguise.learn(name, value);
  };
  for (const auto& event : stream.events) {
    if (event.kind == TapKind::pairs) learn_pairs(event.text(0));
    if (event.kind != TapKind::call) continue;
    const auto form = proxy_hostcalls()[event.id].form;
    for (std::size_t i = 0; i < form.size(); ++i) {
      const auto named = name_before(event, form, i);
      if (form[i] == 'p') learn_pairs(event.text(i));
      if (form[i] == 'P') learn_pairs(event.written(i));
      if (form[i] == 'v') disguise.learn(named, event.text(i));
      if (form[i] == 'A') disguise.learn(named, event.written(i));
    }
  }
}

TapEvent disguised(const Disguise& disguise, const TapEvent& event) {
  auto shown = event;
  for (auto& [address, bytes] : shown.memory) bytes = disguise.text(bytes);
  if (event.kind != TapKind::call) return shown;
  const auto put = [&](std::string_view old, std::string now) {
    for (std::size_t i = 0; i < event.memory.size(); ++i) {
      if (event.memory[i].second.data() == old.data()) shown.memory[i].second = std::move(now);
    }
  };
  const auto pairs = [&](std::string_view bytes) {
    if (!bytes.empty()) put(bytes, write_pairs(disguise.headers(read_pairs(bytes))));
  };
  const auto form = proxy_hostcalls()[event.id].form;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const auto name = name_before(event, form, i);
    if (form[i] == 'p') pairs(event.text(i));
    if (form[i] == 'P') pairs(event.written(i));
    if (form[i] == 'v') put(event.text(i), disguise.header(name, event.text(i)));
    if (form[i] == 'A') put(event.written(i), disguise.header(name, event.written(i)));
  }
  return shown;
}

void apply(const Disguise& disguise, StreamTest& whole) {
  auto& test = whole.test;
  const auto input = [&](std::optional<Invocation>& invocation) {
    if (invocation) disguise_input(disguise, invocation->input);
  };
  for (auto* const one : {&test.request_headers, &test.request_trailers, &test.response_headers,
                          &test.response_trailers, &test.new_connection})
    input(*one);
  for (auto* const list : {&test.request_body, &test.response_body}) {
    for (auto& invocation : *list) disguise_input(disguise, invocation.input);
  }
  for (auto& event : test.connection) {
    input(event.downstream_data);
    input(event.upstream_data);
  }
  for (auto& property : test.properties)
    property.value = disguise.header(property.path, property.value);
  for (auto& row : test.http_call) {
    disguise_headers(disguise, row.header);
    disguise_headers(disguise, row.trailer);
    row.content = disguise.text(row.content);
    row.path = disguise.text(row.path);
  }
  for (auto& row : test.grpc_call) {
    disguise_headers(disguise, row.header);
    disguise_headers(disguise, row.trailer);
    for (auto& message : row.message) message = disguise.text(message);
  }
  for (auto& row : test.foreign_function) {
    row.argument = disguise.text(row.argument.value_or(""));
    row.content = disguise.text(row.content);
  }
  for (auto& entry : test.shared_data) entry.value = disguise.text(entry.value);
  if (test.config) test.config = disguise.text(*test.config);
  disguise_log(disguise, whole.created);
  disguise_log(disguise, whole.destroyed);
  for (auto& lines : whole.logged) disguise_log(disguise, lines);
  for (auto& call : whole.calls) {
    call.headers = disguise.headers(call.headers);
    call.body = disguise.text(call.body);
  }
}

}  // namespace wasmctl::host
