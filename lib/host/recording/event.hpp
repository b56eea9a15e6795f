// What crossed the ABI, call by call: read from the log of a tapped module (tap.hpp), or watched in
// the embedded host. Both come to the same lines when the plugin does the same.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/store.hpp"
#include "host/recording/tap.hpp"
#include "host/vm.hpp"

namespace wasmctl::host {

struct TapEvent {
  TapKind kind = TapKind::call;
  std::uint32_t id = 0;  // as TapKind says
  std::uint32_t result = 0;
  std::vector<engine::Slot> arguments;
  // What stood in memory that the arguments point to, by its address.
  std::vector<std::pair<std::uint64_t, std::string>> memory;

  // Of a call or callback.
  std::string_view name() const;
  // Of a callback: whether it gets what came of a callout. Its context is the root's.
  bool is_of_callout() const;
  std::uint32_t argument(std::size_t i) const {
    return i < arguments.size() ? static_cast<std::uint32_t>(arguments[i]) : 0;
  }
  // The text whose address and size are the arguments `i` and `i` + 1, and the one that a call has
  // written where those say; empty: it is not known.
  std::string_view text(std::size_t i) const;
  std::string_view written(std::size_t i) const;
  // The number that it has written where the argument `i` says.
  std::uint32_t written_number(std::size_t i) const;
  std::uint64_t written_long_number(std::size_t i) const;  // of 64 bits
  std::optional<std::string_view> read(std::uint64_t address, std::uint64_t size) const;
};

// The events in the log of one thread, in which nothing else stands between the parts of one.
class TapReader {
 public:
  explicit TapReader(std::uint64_t mark) : mark_(mark) {}

  // A message that the plugin logged at level critical. False: it is not of the tap.
  bool add(std::string_view message);
  // The event that is whole now; none: it is not.
  std::optional<TapEvent> take();

 private:
  bool read_head(std::string_view message);
  void read_piece(std::string_view message);
  void pass_empty_texts();

  std::uint64_t mark_;
  std::optional<TapEvent> event_;  // that comes
  std::string text_;               // of it, as far as it has come
};

// Numbers that are others in each VM.
class TapNumbers {
 public:
  explicit TapNumbers(std::uint32_t stream) : stream_(stream) {}
  // The root's context is 1, the stream's 2.
  std::uint32_t context(std::uint32_t id) const { return id == stream_ ? 2 : 1; }
  // Of a callout: the how-manieth it is.
  std::uint32_t token(std::uint32_t token);

 private:
  std::uint32_t stream_;
  std::map<std::uint32_t, std::uint32_t> tokens_;
};

// The event in words, with such numbers; empty for what a plugin does not decide and is not told:
// what the tap fetches, the time.
std::string line_of(const TapEvent& event, TapNumbers& numbers);

// The events of the one stream of a VM of the embedded host.
class TapObserver : public Observer {
 public:
  const std::vector<TapEvent>& events() const { return events_; }

  void callback_begins(Vm& vm, std::string_view name,
                       std::span<const engine::Slot> arguments) override;
  void callback_ends(Vm& vm, std::string_view name, const engine::Outcome& outcome) override;
  void hostcall_begins(Vm& vm, const wasm::HostFunction& function,
                       std::span<const engine::Slot> arguments) override;
  void hostcall_ends(Vm& vm, const wasm::HostFunction& function,
                     std::optional<std::uint32_t> result) override;

 private:
  std::vector<TapEvent> events_;
  bool is_in_stream_ = false;            // the callback that runs
  std::vector<engine::Slot> arguments_;  // of the host call that runs
};

}  // namespace wasmctl::host
