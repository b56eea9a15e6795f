#include "trial/place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/error.hpp"
#include "host/local_proxy.hpp"

namespace wasmctl::trial {

namespace {

// Nobody can listen there without being root.
constexpr std::uint16_t kDeadPort = 1;

}  // namespace

envoy::Time now() {
  return std::chrono::duration_cast<envoy::Time>(
      std::chrono::system_clock::now().time_since_epoch());
}

Place::Place(std::filesystem::path envoy, const base::StopSignals* stop, PlaceKey key)
    : envoy_(std::move(envoy)), stop_(stop), key_(std::move(key)), stage_(stop) {}

std::optional<std::string> Place::death() {
  if (!has_ended()) return std::nullopt;
  const auto error = proxy_->death();
  return std::string(error.message());
}

std::optional<std::string> Place::load(envoy::LoadedFilter filter, const std::string& log_level) {
  forget();
  if (proxy_) {
    if (log_level != log_level_) proxy_->admin(fmt::format("/logging?wasm={}", log_level), "POST");
    log_level_ = log_level;
    const auto swap = proxy_->swap(0, std::move(filter));
    if (swap.result != envoy::Swap::Result::rejected) return std::nullopt;
    return swap.causes.empty() ? "" : swap.causes.front().text;
  }
  envoy::Options options;
  options.envoy = envoy_;
  options.stop = stop_;
  options.log_level = log_level_ = log_level;
  options.on_record = [this](const envoy::Record& record) {
    const auto line = envoy::plugin_line(record);
    if (!line) return;
    note(record.time, line->message);
  };
  options.on_access = [this](const envoy::Access& access) {
    const std::lock_guard lock(mutex_);
    accesses_.emplace_back(now(), access);
  };
  options.setup.traffic = key_.traffic;
  options.setup.manner = envoy::Manner::transparent;
  options.setup.upstream = envoy::Cluster{"", "127.0.0.1", stage_.server_port()};
  for (const auto& [name, state] : key_.clusters) {
    const auto port = state == Cluster::alive ? stage_.called_port(name) : kDeadPort;
    options.setup.clusters.push_back({name, "127.0.0.1", port});
  }
  std::vector<envoy::LoadedFilter> filters;
  filters.push_back(std::move(filter));
  try {
    proxy_ = std::make_unique<envoy::Proxy>(std::move(options), std::move(filters));
  } catch (const Error& error) {
    if (error.code() != Code::unloadable) throw;
    return std::string(error.message());
  }
  return std::nullopt;
}

// What an earlier test left; what comes late of it has an earlier time.
void Place::forget() {
  const std::lock_guard lock(mutex_);
  messages_.clear();
  message_bytes_ = 0;
  logs_without_end_ = false;
  accesses_.clear();
}

void Place::note(envoy::Time time, const std::string& message) {
  const std::lock_guard lock(mutex_);
  if (messages_.size() >= host::kMostLogLines ||
      message_bytes_ + message.size() > host::kMostLogBytes) {
    logs_without_end_ = true;
    return;
  }
  message_bytes_ += message.size();
  messages_.emplace_back(time, message);
}

bool Place::logs_without_end() const {
  const std::lock_guard lock(mutex_);
  return logs_without_end_;
}

std::vector<std::string> Place::messages(envoy::Time begin, envoy::Time end) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> found;
  for (const auto& [time, message] : messages_) {
    if (time >= begin && time < end) found.push_back(message);
  }
  return found;
}

std::optional<envoy::Access> Place::access_since(envoy::Time begin) const {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::ranges::find_if(accesses_, [&](const auto& access) { return access.first >= begin; });
  if (found == accesses_.end()) return std::nullopt;
  return found->second;
}

// Envoy's own name for it is "wasmcustom.NAME".
std::optional<std::uint64_t> Place::metric(const std::string& name, Kind kind) const {
  const auto* const type = kind == Kind::counter ? "Counters"
                           : kind == Kind::gauge ? "Gauges"
                                                 : "Histograms";
  const auto text = proxy_->admin(fmt::format("/stats?type={}&filter=^wasmcustom", type));
  const auto line = fmt::format("wasmcustom.{}: ", name);
  const auto at = ('\n' + text).find('\n' + line);
  if (at == std::string::npos) return std::nullopt;
  std::uint64_t value = 0;
  std::from_chars(text.data() + at + line.size(), text.data() + text.size(), value);
  return value;
}

}  // namespace wasmctl::trial
