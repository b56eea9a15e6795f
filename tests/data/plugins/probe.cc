// Does in each callback what it is told, and logs what the host answers: so the same commands tell
// one host from another. Commands are words, `;` between them. They come from the property
// do.CALLBACK, or from the request header `do-CALLBACK`, which is removed; for the root context
// from the configuration, a line `CALLBACK: COMMANDS` each. Of TCP the last line that came is what
// is to be done with all of it.
//
//     get MAP NAME         -> "get NAME = VALUE", or "get NAME: NotFound"
//     pairs MAP, size MAP  -> "pairs a=b|c=d", "size 2"
//     add, replace MAP NAME VALUE; remove MAP NAME; set MAP (one pair: set=1)
//     body N | bytes N START SIZE | write N START SIZE TEXT      (N: the buffer's number)
//     local STATUS BODY DETAILS [NAME VALUE]; property A.B; setproperty A.B VALUE
//     shared KEY | share KEY VALUE CAS; register, resolve, push NAME TEXT, pop NAME
//     call CLUSTER PATH, metric, tick MS, done, foreign NAME [TEXT], continue N, close N, stream, time
//     grpc CLUSTER METHOD TEXT, grpcstream CLUSTER METHOD, grpcsend TEXT [END], grpcclose, grpccancel, token: of
//     the last one; status
//     log LEVEL TEXT; a word may have bytes as %0a; return N; trap; loop; end: first of all, whether it is the stream's end
#include <stdlib.h>

#include <map>
#include <string>
#include <vector>

#include "proxy_wasm_intrinsics.h"

namespace {

using Words = std::vector<std::string>;

Words split(std::string_view text, char separator) {
  Words words;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::string name_of(WasmResult result) {
  static const char* const kNames[] = {
      "Ok",           "NotFound",   "BadArgument",         "SerializationFailure", "ParseFailure",
      "BadExpression", "InvalidMemoryAccess", "Empty",      "CasMismatch",          "ResultMismatch",
      "InternalFailure", "BrokenConnection", "Unimplemented"};
  return kNames[static_cast<int>(result)];
}

uint32_t number(const std::string& text) { return static_cast<uint32_t>(strtoul(text.c_str(), nullptr, 10)); }

void say(const std::string& text) { proxy_log(LogLevel::info, text.data(), text.size()); }

// "get x = a", or "get x: NotFound".
void say(const std::string& what, WasmResult result, std::string_view value) {
  say(result == WasmResult::Ok ? what + " = " + std::string(value) : what + ": " + name_of(result));
}

std::string with_zeros(std::string path) {
  for (auto& c : path) c = c == '.' ? '\0' : c;
  return path;
}

std::string taken(const char* data, size_t size) {
  std::string text(data == nullptr ? "" : data, data == nullptr ? 0 : size);
  free(const_cast<char*>(data));
  return text;
}

std::map<std::string, uint32_t>& queues() {
  static std::map<std::string, uint32_t> tokens;
  return tokens;
}

uint32_t last_stream = 0;
uint32_t last_token = 0;

// "%0a" is the byte 10.
std::string unescaped(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes += text[i];
      continue;
    }
    bytes += static_cast<char>(strtoul(text.substr(i + 1, 2).c_str(), nullptr, 16));
    i += 2;
  }
  return bytes;
}

// The other way round, of what is no ASCII.
std::string escaped(const std::string& bytes) {
  static const char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char c : bytes) {
    if (c >= ' ' && c < 127) {
      text += static_cast<char>(c);
    } else {
      text += std::string("%") + kDigits[c / 16] + kDigits[c % 16];
    }
  }
  return text;
}

// What the callback returns.
uint32_t run(std::string_view commands) {
  uint32_t returned = 0;
  for (const auto& command : split(commands, ';')) {
    auto words = split(command, ' ');
    if (words.empty()) continue;
    const auto verb = words[0];
    words.resize(8);
    for (auto& word : words) word = unescaped(word);
    const auto& a = words[1];
    const auto& b = words[2];
    const auto& c = words[3];
    const auto map = static_cast<WasmHeaderMapType>(number(a));
    const auto buffer = static_cast<WasmBufferType>(number(a));
    const char* data = nullptr;
    size_t size = 0;
    uint32_t n = 0;
    WasmResult result = WasmResult::Ok;
    if (verb == "get") {
      result = proxy_get_header_map_value(map, b.data(), b.size(), &data, &size);
      say("get " + b, result, taken(data, size));
      continue;
    } else if (verb == "size") {
      result = proxy_get_header_map_size(map, &size);
      say("size", result, std::to_string(size));
      continue;
    } else if (verb == "pairs") {
      result = proxy_get_header_map_pairs(map, &data, &size);
      std::string text;
      proxy_wasm::PairsReader reader(std::string_view(data, size));
      for (std::string_view name, value; reader.next(name, value);)
        text += std::string(name) + "=" + std::string(value) + "|";
      say("pairs", result, text);
      continue;
    } else if (verb == "add") {
      result = proxy_add_header_map_value(map, b.data(), b.size(), c.data(), c.size());
    } else if (verb == "replace") {
      result = proxy_replace_header_map_value(map, b.data(), b.size(), c.data(), c.size());
    } else if (verb == "remove") {
      result = proxy_remove_header_map_value(map, b.data(), b.size());
    } else if (verb == "set") {
      result = setHeaderMapPairs(map, {{"set", "1"}});
    } else if (verb == "body") {
      uint32_t flags = 0;
      result = proxy_get_buffer_status(buffer, &size, &flags);
      say("body", result, std::to_string(size));
      continue;
    } else if (verb == "bytes") {
      result = proxy_get_buffer_bytes(buffer, number(b), number(c), &data, &size);
      auto text = taken(data, size);
      for (auto& c : text) c = c == '\n' ? '|' : c;
      say("bytes", result, text);
      continue;
    } else if (verb == "write") {
      result = proxy_set_buffer_bytes(buffer, number(b), number(c), words[4].data(), words[4].size());
    } else if (verb == "local") {
      HeaderStringPairs headers;
      if (!words[4].empty()) headers.emplace_back(words[4], words[5]);
      result = sendLocalResponse(number(a), c, b, headers);
    } else if (verb == "property") {
      const auto path = with_zeros(a);
      result = proxy_get_property(path.data(), path.size(), &data, &size);
      say("property " + a, result, escaped(taken(data, size)));
      continue;
    } else if (verb == "setproperty") {
      const auto path = with_zeros(a);
      result = proxy_set_property(path.data(), path.size(), b.data(), b.size());
    } else if (verb == "shared") {
      result = proxy_get_shared_data(a.data(), a.size(), &data, &size, &n);
      say("shared " + a, result, taken(data, size) + " " + std::to_string(n));
      continue;
    } else if (verb == "share") {
      result = proxy_set_shared_data(a.data(), a.size(), b.data(), b.size(), number(c));
    } else if (verb == "register") {
      result = proxy_register_shared_queue(a.data(), a.size(), &queues()[a]);
    } else if (verb == "resolve") {
      result = proxy_resolve_shared_queue("", 0, a.data(), a.size(), &queues()[a]);
    } else if (verb == "push") {
      result = proxy_enqueue_shared_queue(queues()[a], b.data(), b.size());
    } else if (verb == "pop") {
      result = proxy_dequeue_shared_queue(queues()[a], &data, &size);
      say("pop", result, taken(data, size));
      continue;
    } else if (verb == "call") {
      result = makeHttpCall(a, {{":method", "GET"}, {":path", b}, {":authority", "x"}}, "", {}, 1000, &last_token);
    } else if (verb == "metric") {
      result = proxy_define_metric(MetricType::Counter, "probe", 5, &n);
    } else if (verb == "tick") {
      result = proxy_set_tick_period_milliseconds(number(a));
    } else if (verb == "done") {
      result = proxy_done();
    } else if (verb == "foreign") {
      char* returned_data = nullptr;
      result = proxy_call_foreign_function(a.data(), a.size(), b.data(), b.size(), &returned_data, &size);
      if (result == WasmResult::Ok && size > 0) {
        say("foreign", result, escaped(taken(returned_data, size)));
        continue;
      }
    } else if (verb == "continue") {
      result = proxy_continue_stream(static_cast<WasmStreamType>(number(a)));
    } else if (verb == "grpc") {
      result = grpcCall(a, "test.Service", b, HeaderStringPairs{{"x-sent", "metadata"}}, c, 1000, &last_token);
    } else if (verb == "grpcstream") {
      result = grpcStream(a, "test.Service", b, HeaderStringPairs{{"x-sent", "metadata"}}, &last_token);
    } else if (verb == "grpcsend") {
      result = proxy_grpc_send(last_token, a.data(), a.size(), !b.empty());
    } else if (verb == "token") {
      say("token = " + std::to_string(last_token));
      continue;
    } else if (verb == "grpcclose") {
      result = proxy_grpc_close(last_token);
    } else if (verb == "grpccancel") {
      result = proxy_grpc_cancel(last_token);
    } else if (verb == "status") {
      result = proxy_get_status(&n, &data, &size);
      say("status", result, std::to_string(n) + " " + taken(data, size));
      continue;
    } else if (verb == "close") {
      result = proxy_close_stream(static_cast<WasmStreamType>(number(a)));
    } else if (verb == "stream") {
      result = proxy_set_effective_context(last_stream);
    } else if (verb == "time") {
      uint64_t time = 0;
      result = proxy_get_current_time_nanoseconds(&time);
      say("time", result, std::to_string(time));
      continue;
    } else if (verb == "log") {
      result = proxy_log(static_cast<LogLevel>(number(a)), b.data(), b.size());
      if (result == WasmResult::Ok) continue;
    } else if (verb == "return") {
      returned = number(a);
      continue;
    } else if (verb == "trap") {
      __builtin_trap();
    } else if (verb == "loop") {
      for (volatile bool ever = true; ever;) {}
    } else {
      say("unknown command " + verb);
    }
    say(verb + ": " + name_of(result));
  }
  return returned;
}

class Root : public RootContext {
 public:
  using RootContext::RootContext;

  bool onConfigure(size_t size) override {
    const char* data = nullptr;
    size_t read = 0;
    if (size != 0)
      proxy_get_buffer_bytes(WasmBufferType::PluginConfiguration, 0, size, &data, &read);
    for (const auto& line : split(taken(data, read), '\n')) {
      const auto colon = std::min(line.find(':'), line.size());
      commands_[line.substr(0, colon)] = line.substr(std::min(colon + 1, line.size()));
    }
    return run(commands_["configure"]) == 0;
  }
  bool onDone() override { return run(commands_["root_done"]) == 0; }
  void onTick() override { run(commands_["tick"]); }
  void onQueueReady(uint32_t) override { run(commands_["queue"]); }
  void onHttpCallResponse(uint32_t, uint32_t headers, size_t body_size, uint32_t trailers) override {
    say("answer " + std::to_string(headers) + " " + std::to_string(body_size) + " " +
        std::to_string(trailers));
    run(commands_["answer"]);
  }

  void onGrpcReceiveInitialMetadata(uint32_t, uint32_t) override { heard("initial"); }
  void onGrpcReceive(uint32_t, size_t size) override {
    say("received " + std::to_string(size));
    run(commands_["received"]);
  }
  void onGrpcReceiveTrailingMetadata(uint32_t, uint32_t) override { heard("trailing"); }
  void onGrpcClose(uint32_t, GrpcStatus status) override {
    say("closed " + std::to_string(static_cast<int>(status)));
    run(commands_["closed"]);
  }
  void heard(const std::string& what) {
    say(what);
    run(commands_[what]);
  }

  std::string& commands(const std::string& callback) { return commands_[callback]; }

 private:
  std::map<std::string, std::string> commands_;
};

class Stream : public Context {
 public:
  using Context::Context;

  void onCreate() override {
    last_stream = id();
    run_of("create");
  }
  FilterHeadersStatus onRequestHeaders(uint32_t, bool end_of_stream) override {
    for (const char* callback : {"request_headers", "request_body", "response_headers",
                                 "response_body", "log", "initial", "received", "trailing", "closed"}) {
      const std::string header = std::string("do-") + callback;
      const char* data = nullptr;
      size_t size = 0;
      if (proxy_get_header_map_value(WasmHeaderMapType::RequestHeaders, header.data(), header.size(),
                                     &data, &size) == WasmResult::Ok) {
        commands_[callback] = taken(data, size);
        proxy_remove_header_map_value(WasmHeaderMapType::RequestHeaders, header.data(), header.size());
      }
    }
    for (const char* callback : {"initial", "received", "trailing", "closed"}) {
      auto& commands = static_cast<Root*>(root())->commands(callback);
      if (commands_.contains(callback)) commands = commands_[callback];
    }
    ends_ = end_of_stream;
    return static_cast<FilterHeadersStatus>(run_of("request_headers"));
  }
  FilterDataStatus onRequestBody(size_t, bool end_of_stream) override {
    ends_ = end_of_stream;
    return static_cast<FilterDataStatus>(run_of("request_body"));
  }
  FilterHeadersStatus onResponseHeaders(uint32_t, bool end_of_stream) override {
    ends_ = end_of_stream;
    return static_cast<FilterHeadersStatus>(run_of("response_headers"));
  }
  FilterDataStatus onResponseBody(size_t, bool end_of_stream) override {
    ends_ = end_of_stream;
    return static_cast<FilterDataStatus>(run_of("response_body"));
  }
  FilterStatus onNewConnection() override {
    return static_cast<FilterStatus>(run_of("new_connection"));
  }
  FilterStatus onDownstreamData(size_t size, bool end_of_stream) override {
    return run_last_line(WasmBufferType::NetworkDownstreamData, size, end_of_stream);
  }
  FilterStatus onUpstreamData(size_t size, bool end_of_stream) override {
    return run_last_line(WasmBufferType::NetworkUpstreamData, size, end_of_stream);
  }
  void onDownstreamConnectionClose(CloseType by) override { closed("downstream", by); }
  void onUpstreamConnectionClose(CloseType by) override { closed("upstream", by); }
  void onDone() override { run_of("done"); }
  void onLog() override { run_of("log"); }
  void onDelete() override { run_of("delete"); }

 private:
  FilterStatus run_last_line(WasmBufferType buffer, size_t size, bool end_of_stream) {
    const char* data = nullptr;
    size_t read = 0;
    proxy_get_buffer_bytes(buffer, 0, size, &data, &read);
    const auto text = taken(data, read);
    say("data " + std::to_string(static_cast<int>(buffer)) + " " + std::to_string(size) +
        (end_of_stream ? " end" : ""));
    const auto lines = split(text, '\n');
    return static_cast<FilterStatus>(lines.empty() ? 0 : run(lines.back()));
  }

  void closed(const std::string& side, CloseType by) {
    say(side + " closed " + std::to_string(static_cast<int>(by)));
    run_of(side + "_close");
  }

  uint32_t run_of(const std::string& callback) {
    const auto path = with_zeros("do." + callback);
    const char* data = nullptr;
    size_t size = 0;
    auto commands = static_cast<Root*>(root())->commands(callback);
    if (proxy_get_property(path.data(), path.size(), &data, &size) == WasmResult::Ok) {
      commands = taken(data, size);
    } else if (commands_.contains(callback)) {
      commands = commands_[callback];
    }
    if (commands.starts_with("end;")) {
      say(ends_ ? "end of stream" : "not the end");
      commands.erase(0, 4);
    }
    return run(commands);
  }

  std::map<std::string, std::string> commands_;
  bool ends_ = false;
};

RegisterContextFactory register_probe(CONTEXT_FACTORY(Stream), ROOT_FACTORY(Root));

}  // namespace
