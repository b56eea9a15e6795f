// What `wasmctl run` shows of the traffic: one line a request, and under it what the plugins
// logged.
//
//     GET /a?b 200 1.2 ms
//       info     User-Agent: curl/8
//     GET /b 503 0.4 ms wasm_fail_stream
//       error    Function: proxy_on_request_headers failed: Uncaught RuntimeError: unreachable
//                Proxy-Wasm plugin in-VM backtrace:
//                  0:  0x16a - Stream::onRequestHeaders(unsigned int, bool) at a.cc:17
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/content.hpp"
#include "cli/command.hpp"
#include "envoy/attribution.hpp"
#include "envoy/loopback.hpp"
#include "wasm/module.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::cli {

// A module that may trap, and what finds its lines.
class TracedModule {
 public:
  TracedModule(const base::Content& bytes, const std::string& path);
  // The text of a log's record, the frames of a back-trace of this module's as functions and lines.
  std::string symbolized(const std::string& text) const;

 private:
  wasm::Module module_;
  wasm::Symbols symbols_;
};

using TracedModules = std::vector<std::shared_ptr<const TracedModule>>;

class Console {
 public:
  enum class Form : std::uint8_t { text, json };

  enum class When : std::uint8_t { at_once, at_end };
  struct Options {
    Form form = Form::text;
    When when = When::at_once;
    std::string least = "info";  // the level from which on plugins' lines are shown
    bool is_colored = false;
    bool shows_names = false;  // several plugins: each line says whose it is
    int descriptor = 1;        // of the output
    int stop = -1;             // readable: no longer wait for who reads the output
  };
  // Prints from a thread of its own: add() does not wait for who reads.
  Console(Output output, Options options);
  // Prints what is left. Of what is logged faster than it can be shown a part is left out, and said
  // to be; when stopping, what cannot be written at once.
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // For poll(): readable once nobody reads any more what is printed.
  int descriptor() const { return broken_.descriptor(); }

  // Another Envoy starts.
  void begin();
  // From any thread.
  void add(const envoy::Record& record);
  void add(const envoy::Access& access);
  void set_modules(TracedModules modules);

  // The level that Envoy logs from, for the console to have what it needs: what Envoy says of a
  // plugin that fails is shown in any case.
  static std::string log_level_of_envoy(const std::string& least);

  // Whether a record is of use to the author of a plugin: what plugins log, and what Envoy says of
  // them when they fail.
  static bool is_shown(const envoy::Record& record);

 private:
  bool is_below_level(const envoy::Record& record) const;
  void print_loop();
  std::string text_of(const envoy::Entry& entry, const TracedModules& modules) const;
  std::string what_is_left_out(std::size_t lines) const;
  void print(std::string_view text);
  bool is_writable() const;
  void tell_broken() const;

  Output output_;
  Options options_;
  envoy::Socket broken_;  // an eventfd
  std::mutex mutex_;
  std::condition_variable changed_;
  envoy::Attribution attribution_;
  std::size_t left_out_ = 0;  // lines
  TracedModules modules_;
  int main_thread_ = 0;  // of Envoy, which loads plugins and serves no request
  bool is_over_ = false;
  bool is_stuck_ = false;  // nobody read when all was to stop; of the printing thread
  std::thread printer_;
};

}  // namespace wasmctl::cli
