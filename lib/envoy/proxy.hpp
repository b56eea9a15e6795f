// A real Envoy that runs here with some plugins, for as long as the object is there.
//
//     const base::StopSignals stop;
//     Upstream upstream(answering(echo));
//     Options options{.envoy = find_envoy(search), .stop = &stop};
//     options.setup.upstream = Cluster{"", "127.0.0.1", upstream.port()};
//     Proxy proxy(std::move(options), {{.filter = {.name = "hello"}, .module = bytes}});
//     const auto response = exchange(proxy.port(), {"GET", "/", {{"host", "a"}}}, {});
//     proxy.swap(0, {...});  // other code or configuration; the listener and connections stay
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/content.hpp"
#include "base/error.hpp"
#include "base/stop_signals.hpp"
#include "envoy/bootstrap.hpp"
#include "envoy/process.hpp"
#include "envoy/record.hpp"
#include "envoy/run_directory.hpp"

namespace wasmctl::envoy {

// A plugin with its code. `filter.module` is chosen by Proxy: a file named by the code's digest.
struct LoadedFilter {
  Filter filter;
  base::Content module;
};

struct Options {
  fs::path envoy;
  Setup setup;
  unsigned concurrency = 1;               // worker threads
  std::string log_level = "info";         // from which on plugins' lines come, and Wasm's own
  std::string own_log_level = "warning";  // the same of the rest of Envoy
  // Called on a thread of its own, each as it comes; null: not wanted.
  std::function<void(const Record&)> on_record = nullptr;
  std::function<void(const Access&)> on_access = nullptr;
  // Called before each start, after all that was said before it.
  std::function<void()> on_start = nullptr;
  // Ends all waiting with Error{Code::interrupted}; must outlive the object.
  const base::StopSignals* stop = nullptr;
};

// What came of a swap.
struct Swap {
  enum class Result : std::uint8_t {
    unchanged,  // it is what is there
    taken,      // the next request on each worker thread meets it
    rejected,   // what was there before goes on
    // A worker thread did not come back from what was there: Envoy was ended and started anew with
    // the new one, on the same ports. Open connections are lost; descriptor() is another.
    restarted,
  };
  Result result = Result::unchanged;
  std::vector<Record> causes;  // of a rejection, as they were logged: the first is the cause
};

// "Envoy refuses `NAME`", with the first cause, and the back-trace of a trap as output.
Error refusal(const std::string& name, const std::vector<Record>& causes);

// For one thread, the main one.
class Proxy {
 public:
  // Starts it and waits until it serves. Throws Error{Code::unloadable} with the first cause if it
  // refuses a plugin; {Code::tool_missing} if the program is no Envoy; {Code::network} for a port
  // that is taken, with who has it; {Code::bad_input} for what else it does not start with.
  Proxy(Options options, std::vector<LoadedFilter> filters);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  std::uint16_t port() const { return port_; }
  // Where the admin interface is: "http://127.0.0.1:PORT", or the path of a Unix socket.
  std::string admin_address() const;
  // "1.40.0"
  std::string version() const;
  // For poll(): readable once it has ended by itself.
  int descriptor() const { return process_->descriptor(); }
  bool has_ended() const { return !process_ || process_->has_ended(); }
  // Why: its exit status, and the last that it said of it.
  Error death();

  // Puts another filter into the place of the one that had this index at the start.
  Swap swap(std::size_t index, LoadedFilter filter);

  // What has been logged: how much, and what since then, as far as it is still kept. What Envoy
  // logs comes a little later than what it does otherwise.
  using Mark = std::uint64_t;
  Mark mark() const;
  std::vector<Record> since(Mark mark) const;
  // Waits until one of those records is such, but not longer than `patience`; false if none came.
  bool wait_for(Mark since, const std::function<bool(const Record&)>& is_meant,
                std::chrono::milliseconds patience);

  // The body of GET (or POST) `target` of the admin interface.
  std::string admin(std::string_view target, std::string_view method = "GET") const;
  // A counter or gauge; 0 if Envoy has none of that name.
  std::uint64_t counter(const std::string& name) const;

 private:
  struct Slot {
    std::string name;      // of the plugin
    std::string document;  // the last one that was taken
    fs::path module;       // its code
  };
  struct Counters {
    std::uint64_t attempts = 0;
    std::uint64_t successes = 0;
    std::uint64_t reloads = 0;
  };

  enum class Update : std::uint8_t { taken, rejected, stuck };

  void start();
  void restart();
  void run();
  void learn_ports();
  void learn_admin_port();
  bool is_live() const;
  void check_first_load(Mark begin);
  void keep(const Record& record);
  std::deque<Record>::const_iterator first_since(Mark mark) const;
  std::vector<Record> causes_since(Mark mark);
  std::string document_of(LoadedFilter& filter, std::size_t index) const;
  Counters counters(std::size_t index) const;
  Swap hand_over(std::size_t index, const std::string& document);
  Update wait_for_update(std::size_t index, const Counters& before) const;
  void remove_unless_used(const fs::path& module) const;
  void wait_a_little() const;
  Error refused_to_start();

  Options options_;
  RunDirectory directory_;
  std::vector<Slot> slots_;
  mutable std::mutex mutex_;  // of what the thread that reads the log shares
  std::condition_variable came_;
  std::deque<Record> records_;  // the last ones
  Mark records_before_ = 0;     // that are forgotten
  std::uint16_t port_ = 0;
  std::uint16_t admin_port_ = 0;    // 0: not known yet, or there is none
  std::optional<Process> process_;  // ends before what its thread calls
};

}  // namespace wasmctl::envoy
