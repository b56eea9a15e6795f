#include "host/recording/event.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "host/abi.hpp"
#include "host/call_words.hpp"
#include "host/hostcalls.hpp"
#include "host/local_proxy.hpp"
#include "wasm/hostcalls.hpp"

namespace wasmctl::host {

namespace {

struct Range {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};

template <typename Int>
Int number_of(std::string_view bytes) {
  Int number = 0;
  for (std::size_t i = 0; i < std::min(sizeof(Int), bytes.size()); ++i)
    number |= static_cast<Int>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return number;
}

// What is logged of a call's memory, in order: the texts that it was given, then what it has
// written. Where such a text is, its two numbers before it say.
class Ranges {
 public:
  explicit Ranges(const TapEvent& event) : event_(event) {}

  // The first that is not there yet.
  std::optional<Range> next() {
    if (event_.kind == TapKind::pairs || event_.kind == TapKind::buffer) {
      if (event_.result == 0) add({event_.argument(0), event_.argument(1)});
    } else if (event_.kind == TapKind::call) {
      add_call(proxy_hostcalls()[event_.id].form);
    }
    return next_;
  }

 private:
  void add(Range range) {
    if (count_++ == event_.memory.size()) next_ = range;
  }

  void add_call(std::string_view form) {
    if (event_.result != static_cast<std::uint32_t>(Status::invalid_memory_access)) {
      for (std::size_t i = 0; i < form.size(); ++i) {
        if (form[i] == 't' || form[i] == 'v' || form[i] == 'p')
          add({event_.argument(i), event_.argument(i + 1)});
      }
    }
    for (std::size_t i = 0; event_.result == 0 && i < form.size(); ++i) add_written(form[i], i);
  }

  void add_written(char letter, std::size_t i) {
    if (letter == 'o') add({event_.argument(i), 4});
    if (letter == 'O') add({event_.argument(i), 8});
    if (std::string_view("aAPDC").find(letter) == std::string_view::npos) return;
    add({event_.argument(i), 4});
    add({event_.argument(i + 1), 4});
    if (event_.memory.size() >= count_)
      add({event_.written_number(i), event_.written_number(i + 1)});
  }

  const TapEvent& event_;
  std::size_t count_ = 0;
  std::optional<Range> next_;
};

void set_argument(TapEvent& event, std::size_t i, std::uint32_t value) {
  if (i < event.arguments.size()) event.arguments[i] = value;
}

void set_written(TapEvent& event, std::size_t i, std::uint32_t value) {
  for (auto& [address, bytes] : event.memory) {
    if (address == event.argument(i) && bytes.size() == sizeof value) bytes = little_endian(value);
  }
}

// Where a call has the number of a callout: as an argument, or written.
struct TokenPlace {
  std::string_view name;
  std::size_t argument;
  bool is_written;
};

constexpr TokenPlace kTokens[] = {
    {"proxy_http_call", 9, true},
    {"proxy_grpc_call", 11, true},
    {"proxy_grpc_stream", 8, true},
    {"proxy_grpc_send", 0, false},
    {"proxy_grpc_cancel", 0, false},
    {"proxy_grpc_close", 0, false},
    {"proxy_on_http_call_response", 1, false},
    {"proxy_on_grpc_receive_initial_metadata", 1, false},
    {"proxy_on_grpc_receive", 1, false},
    {"proxy_on_grpc_receive_trailing_metadata", 1, false},
    {"proxy_on_grpc_close", 1, false},
};

void rename_tokens(TapEvent& event, TapNumbers& numbers) {
  const auto* const place = std::ranges::find(kTokens, event.name(), &TokenPlace::name);
  if (place == std::end(kTokens)) return;
  if (place->is_written) {
    if (event.result == 0)
      set_written(event, place->argument, numbers.token(event.written_number(place->argument)));
  } else {
    set_argument(event, place->argument, numbers.token(event.argument(place->argument)));
  }
}

std::string callback_words(TapEvent& event, const TapNumbers& numbers) {
  set_argument(event, 0, numbers.context(event.argument(0)));
  if (event.name() == "proxy_on_context_create")
    set_argument(event, 1, numbers.context(event.argument(1)));
  return fmt::format("{}({})", event.name(), fmt::join(event.arguments, ", "));
}

std::string call_words(TapEvent& event, const TapNumbers& numbers) {
  const auto name = event.name();
  if (name == "proxy_get_current_time_nanoseconds") return {};
  if (name == "proxy_set_effective_context")
    set_argument(event, 0, numbers.context(event.argument(0)));
  if (name == "proxy_get_shared_data") set_written(event, 4, 0);  // how often it was set before
  if (name == "proxy_set_shared_data") set_argument(event, 4, 0);
  Mask shown({Masking::off, {}});
  CallWords words([&](auto address, auto size) { return event.read(address, size); }, shown, name,
                  event.arguments, SIZE_MAX);
  return fmt::format("{} = {}", words.call(), words.result_of_abi(event.result));
}

template <typename Rows, typename Name>
std::optional<std::uint32_t> row_of(const Rows& rows, std::string_view name, const Name& name_of) {
  const auto found = std::ranges::find(rows, name, name_of);
  if (found == rows.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - rows.begin());
}

const std::vector<wasm::Callback>& all_callbacks() {
  static const auto kCallbackRows = wasm::callbacks(wasm::Vendor::envoy);
  return kCallbackRows;
}

}  // namespace

std::string_view TapEvent::name() const {
  if (kind == TapKind::call) return proxy_hostcalls()[id].name;
  return kind == TapKind::begin || kind == TapKind::end ? all_callbacks()[id].name : "";
}

bool TapEvent::is_of_callout() const {
  return name() == "proxy_on_http_call_response" || name().starts_with("proxy_on_grpc_");
}

std::optional<std::string_view> TapEvent::read(std::uint64_t address, std::uint64_t size) const {
  for (const auto& [begin, bytes] : memory) {
    if (begin == address && bytes.size() == size) return bytes;
  }
  return std::nullopt;
}

std::string_view TapEvent::text(std::size_t i) const {
  return read(argument(i), argument(i + 1)).value_or("");
}

std::string_view TapEvent::written(std::size_t i) const {
  return read(written_number(i), written_number(i + 1)).value_or("");
}

std::uint32_t TapEvent::written_number(std::size_t i) const {
  return number_of<std::uint32_t>(read(argument(i), sizeof(std::uint32_t)).value_or(""));
}

std::uint64_t TapEvent::written_long_number(std::size_t i) const {
  return number_of<std::uint64_t>(read(argument(i), sizeof(std::uint64_t)).value_or(""));
}

// --- Of a tapped module

bool TapReader::add(std::string_view message) {
  if (read_head(message)) return true;
  if (!event_) return false;
  read_piece(message);
  return true;
}

// Envoy's log has a message without the line's end that it may close with.
bool TapReader::read_head(std::string_view message) {
  if (number_of<std::uint64_t>(message.substr(0, 8)) != mark_) return false;
  std::string bytes(message);
  if (bytes.size() % 8 == 7) bytes += '\n';
  if (bytes.size() < TapLayout::kArguments) return false;
  const auto field = [&](std::uint32_t at) {
    return number_of<std::uint32_t>(std::string_view(bytes).substr(at));
  };
  event_.emplace();
  text_.clear();
  event_->kind = static_cast<TapKind>(field(TapLayout::kKind));
  event_->id = field(TapLayout::kId);
  event_->result = field(TapLayout::kResult);
  for (std::size_t at = TapLayout::kArguments; at + 8 <= bytes.size(); at += 8)
    event_->arguments.push_back(number_of<std::uint64_t>(std::string_view(bytes).substr(at)));
  const bool is_call = event_->kind == TapKind::call;
  const auto rows = is_call ? proxy_hostcalls().size() : all_callbacks().size();
  if (event_->kind > TapKind::buffer || event_->id >= rows) event_.reset();
  return true;
}

void TapReader::read_piece(std::string_view message) {
  const auto range = Ranges(*event_).next();
  if (!range) return event_.reset();
  const auto left = range->size - text_.size();
  const auto expected = std::min<std::uint64_t>(left, kTapPiece);
  text_ += message;
  if (message.size() + 1 == expected) text_ += '\n';
  if (message.size() > expected || message.size() + 1 < expected) return event_.reset();
  if (text_.size() < range->size) return;
  event_->memory.emplace_back(range->address, std::exchange(text_, {}));
}

void TapReader::pass_empty_texts() {
  for (auto range = Ranges(*event_).next(); range && range->size == 0;
       range = Ranges(*event_).next())
    event_->memory.emplace_back(range->address, "");
}

std::optional<TapEvent> TapReader::take() {
  if (!event_) return std::nullopt;
  if (text_.empty()) pass_empty_texts();
  if (!text_.empty() || Ranges(*event_).next()) return std::nullopt;
  return std::exchange(event_, std::nullopt);
}

// --- In words

std::uint32_t TapNumbers::token(std::uint32_t token) {
  return tokens_.try_emplace(token, static_cast<std::uint32_t>(tokens_.size()) + 1).first->second;
}

std::string line_of(const TapEvent& event, TapNumbers& numbers) {
  auto shown = event;
  rename_tokens(shown, numbers);
  switch (event.kind) {
    case TapKind::begin:
      return callback_words(shown, numbers);
    case TapKind::end:
      return fmt::format("= {}", event.result);
    case TapKind::call:
      return call_words(shown, numbers);
    default:
      return {};
  }
}

// --- Of the embedded host

void TapObserver::callback_begins(Vm& /*vm*/, std::string_view name,
                                  std::span<const engine::Slot> arguments) {
  const auto row = row_of(all_callbacks(), name, &wasm::Callback::name);
  if (!row) return;
  TapEvent event{TapKind::begin, *row, 0, {arguments.begin(), arguments.end()}, {}};
  is_in_stream_ = event.argument(0) == kStreamContext || event.is_of_callout();
  if (is_in_stream_) events_.push_back(std::move(event));
}

void TapObserver::callback_ends(Vm& /*vm*/, std::string_view name, const engine::Outcome& outcome) {
  const auto row = row_of(all_callbacks(), name, &wasm::Callback::name);
  if (!row || outcome.trap || !is_in_stream_) return;
  const auto result = outcome.results.empty() ? 0 : static_cast<std::uint32_t>(outcome.results[0]);
  events_.push_back({TapKind::end, *row, result, {}, {}});
  is_in_stream_ = false;
}

void TapObserver::hostcall_begins(Vm& /*vm*/, const wasm::HostFunction& /*function*/,
                                  std::span<const engine::Slot> arguments) {
  arguments_.assign(arguments.begin(), arguments.end());
}

void TapObserver::hostcall_ends(Vm& vm, const wasm::HostFunction& function,
                                std::optional<std::uint32_t> result) {
  const auto row = row_of(proxy_hostcalls(), function.name, &HostcallRow::name);
  if (!row || function.module != "env" || !result || !is_in_stream_) return;
  TapEvent event{TapKind::call, *row, *result, arguments_, {}};
  while (const auto range = Ranges(event).next())
    event.memory.emplace_back(range->address, vm.read(range->address, range->size).value_or(""));
  events_.push_back(std::move(event));
}

}  // namespace wasmctl::host
