#include "host/recording/recording.hpp"

#include <algorithm>
#include <optional>
#include <random>

#include "host/abi.hpp"

namespace wasmctl::host {

namespace {

std::optional<std::uint32_t> made_token(const TapEvent& event) {
  if (event.kind != TapKind::call || event.result != 0) return std::nullopt;
  if (event.name() == "proxy_http_call") return event.written_number(9);
  if (event.name() == "proxy_grpc_call") return event.written_number(11);
  if (event.name() == "proxy_grpc_stream") return event.written_number(8);
  return std::nullopt;
}

std::size_t bytes_of_event(const TapEvent& event) {
  auto bytes = sizeof event + event.arguments.size() * sizeof event.arguments[0];
  for (const auto& [address, text] : event.memory) bytes += sizeof address + text.size();
  return bytes;
}

}  // namespace

struct Recording::Machine {
  struct Running {
    std::uint32_t callback = 0;  // its row
    std::uint32_t context = 0;
    Stream* stream = nullptr;  // null: none
  };

  explicit Machine(std::uint64_t mark) : reader(mark) {}

  TapReader reader;
  std::map<std::uint32_t, std::string> configurations;  // by root context
  std::map<std::uint32_t, Stream*> streams;             // by context
  std::map<std::uint32_t, Stream*> callouts;            // by token
  std::vector<Running> running;                         // callbacks, the innermost last
};

Recording::Recording(std::size_t most_bytes) : most_bytes_(most_bytes) {}
Recording::~Recording() = default;

std::string Recording::tap(const wasm::Module& module) {
  std::random_device random;
  const auto mark = std::uint64_t{random()} << 32U | random();
  marks_.push_back(mark);
  return tapped(module, mark);
}

bool Recording::add(int thread, std::string_view message) {
  for (const auto mark : marks_) {
    auto& machine = machines_[{thread, mark}];
    if (!machine) machine = std::make_unique<Machine>(mark);
    if (!machine->reader.add(message)) continue;
    if (const auto event = machine->reader.take()) take(*machine, *event);
    return true;
  }
  return false;
}

void Recording::take(Machine& machine, const TapEvent& event) {
  if (event.kind == TapKind::begin) begin(machine, event);
  if (machine.running.empty()) return;
  const auto current = machine.running.back();
  const auto is_configuration = static_cast<std::uint32_t>(BufferType::plugin_configuration);
  if (event.kind == TapKind::buffer && event.id == is_configuration)
    machine.configurations[current.context] = event.text(0);
  if (const auto token = made_token(event)) machine.callouts[*token] = current.stream;
  if (current.stream != nullptr) keep(*current.stream, event);
  if (event.kind != TapKind::end) return;
  machine.running.pop_back();
  if (current.stream == nullptr || event.name() != "proxy_on_delete") return;
  current.stream->is_over = true;
  machine.streams.erase(current.context);
  std::erase_if(machine.callouts,
                [&](const auto& callout) { return callout.second == current.stream; });
}

void Recording::keep(Stream& stream, const TapEvent& event) {
  if (stream.is_left_out) return;
  const auto bytes = bytes_of_event(event);
  stream.bytes += bytes;
  bytes_ += bytes;
  if (bytes_ <= most_bytes_) return stream.recorded.events.push_back(event);
  bytes_ -= stream.bytes;
  stream.recorded = {};
  stream.is_left_out = true;
  ++left_out_;
}

void Recording::begin(Machine& machine, const TapEvent& event) {
  if (event.name() == "proxy_on_context_create") open_stream(machine, event);
  const auto context = event.argument(0);
  Stream* stream = nullptr;
  if (event.is_of_callout()) {
    const auto found = machine.callouts.find(event.argument(1));
    if (found != machine.callouts.end()) stream = found->second;
  } else if (const auto found = machine.streams.find(context); found != machine.streams.end()) {
    stream = found->second;
  }
  machine.running.push_back({event.id, context, stream});
}

// A context whose parent is none is a root's.
void Recording::open_stream(Machine& machine, const TapEvent& event) {
  const auto parent = event.argument(1);
  machine.streams.erase(event.argument(0));
  if (parent == kVmContext) return;
  if (streams_.size() >= kMostStreams || bytes_ >= most_bytes_) {
    ++left_out_;
    return;
  }
  streams_.push_back(std::make_unique<Stream>());
  streams_.back()->recorded.configuration = machine.configurations[parent];
  machine.streams[event.argument(0)] = streams_.back().get();
}

std::vector<RecordedStream> Recording::streams() const {
  std::vector<RecordedStream> all;
  for (const auto& stream : streams_) {
    if (stream->is_left_out) continue;
    const auto is_running = [&](const auto& machine) {
      return std::ranges::any_of(machine.second->running,
                                 [&](const auto& one) { return one.stream == stream.get(); });
    };
    if (stream->is_over || std::ranges::any_of(machines_, is_running))
      all.push_back(stream->recorded);
  }
  return all;
}

}  // namespace wasmctl::host
