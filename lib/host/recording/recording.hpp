// The streams of a plugin that runs tapped (tap.hpp) in a real Envoy, put together from its log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/recording/event.hpp"
#include "wasm/module.hpp"

namespace wasmctl::host {

struct RecordedStream {
  std::string configuration;     // of the plugin, as it got it
  std::vector<TapEvent> events;  // of the stream's callbacks, and of the answers to its callouts
};

// For one thread at a time.
class Recording {
 public:
  // More streams, or bytes in events, are not kept: of a stream all or nothing.
  static constexpr std::size_t kMostStreams = 10'000;
  static constexpr std::size_t kMostBytes = std::size_t{256} << 20U;

  explicit Recording(std::size_t most_bytes = kMostBytes);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // The module for Envoy. Throws as tapped().
  std::string tap(const wasm::Module& module);

  // A message that the plugin logged on this thread of Envoy's. False: it is the plugin's own.
  bool add(int thread, std::string_view message);

  // Those that are over, or in which the plugin failed, in the order in which they began.
  std::vector<RecordedStream> streams() const;
  // How many were not kept.
  std::size_t left_out() const { return left_out_; }

 private:
  struct Stream {
    RecordedStream recorded;
    std::size_t bytes = 0;  // of its events
    bool is_over = false;
    bool is_left_out = false;
  };
  // A VM: those of one module on one thread.
  struct Machine;
  void take(Machine& machine, const TapEvent& event);
  void begin(Machine& machine, const TapEvent& event);
  void open_stream(Machine& machine, const TapEvent& event);
  void keep(Stream& stream, const TapEvent& event);

  std::vector<std::uint64_t> marks_;
  std::map<std::pair<int, std::uint64_t>, std::unique_ptr<Machine>> machines_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace wasmctl::host
