// An Envoy with the ends of its wires, for all tests that need the same clusters.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/stop_signals.hpp"
#include "envoy/proxy.hpp"
#include "envoy/record.hpp"
#include "trial/stage.hpp"

namespace wasmctl::trial {

// Whether a connection to a cluster can be made.
enum class Cluster : std::uint8_t { alive, dead };

struct PlaceKey {
  envoy::Traffic traffic = envoy::Traffic::http;
  std::map<std::string, Cluster> clusters;
  bool operator==(const PlaceKey&) const = default;
};

class Place {
 public:
  Place(std::filesystem::path envoy, const base::StopSignals* stop, PlaceKey key);

  const PlaceKey& key() const { return key_; }
  Stage& stage() { return stage_; }
  std::uint16_t port() const { return proxy_->port(); }

  // Whether Envoy has, by itself; and why.
  bool has_ended() const { return proxy_ && proxy_->has_ended(); }
  std::optional<std::string> death();

  // Puts the plugin there. None: it has it. Else why Envoy does not take it.
  std::optional<std::string> load(envoy::LoadedFilter filter, const std::string& log_level);

  // Whether the plugin has logged more since then than is kept.
  bool logs_without_end() const;
  // What plugins logged from `begin` on and before `end`, in order.
  std::vector<std::string> messages(envoy::Time begin, envoy::Time end) const;
  // The stream or connection that ended after `begin`.
  std::optional<envoy::Access> access_since(envoy::Time begin) const;

  // What a plugin made; null: there is none. Of a histogram it is only known to be there.
  enum class Kind : std::uint8_t { counter, gauge, histogram };
  std::optional<std::uint64_t> metric(const std::string& name, Kind kind) const;

 private:
  void forget();
  void note(envoy::Time time, const std::string& message);

  std::filesystem::path envoy_;
  const base::StopSignals* stop_;
  PlaceKey key_;
  Stage stage_;
  mutable std::mutex mutex_;  // of what Envoy's threads of output share
  std::vector<std::pair<envoy::Time, std::string>> messages_;
  std::size_t message_bytes_ = 0;
  bool logs_without_end_ = false;
  std::vector<std::pair<envoy::Time, envoy::Access>> accesses_;
  std::string log_level_;
  std::unique_ptr<envoy::Proxy> proxy_;  // its threads end before the rest goes
};

// By the clock that Envoy's log has.
envoy::Time now();

}  // namespace wasmctl::trial
