#include "envoy/proxy.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <utility>

#include "base/files.hpp"
#include "base/sha256.hpp"
#include "envoy/find.hpp"
#include "envoy/listening.hpp"
#include "envoy/loopback.hpp"

namespace wasmctl::envoy {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kRecordsKept = 4096;
// A large module on a busy machine takes its time.
constexpr milliseconds kTimeToStart{30'000};
constexpr milliseconds kTimeToSwap{60'000};
// For workers to take what the main thread has compiled; one that is in a plugin takes nothing.
constexpr milliseconds kTimeOfWorkers{10'000};
// Between two looks at what Envoy does: it tells by files and counters only.
constexpr milliseconds kLook{4};
constexpr char kAccessFlushMs[] = "10";

bool is_fatal(const Record& record) {
  return record.level == "critical" || record.component == "assert";
}

bool is_grave(const Record& record) {
  return record.level == "warning" || record.level == "error" || record.level == "critical";
}

// Lines that come after a cause and say nothing of it.
bool is_summary(const Record& record) {
  const std::string_view text = record.text;
  return text.starts_with("Plugin ") || text.starts_with("Filesystem config update") ||
         text.starts_with("Wasm VM failed Failed to configure base Wasm plugin") ||
         text.starts_with("Wasm VM failed Failed to load Wasm code");
}

// V8 says some causes in lines of its own: `wasm://wasm/cb873326:257: Uncaught ...`.
bool may_be_cause(const Record& record) {
  if (record.level.empty()) return record.text.starts_with("wasm://");
  return is_grave(record) && (record.component == "wasm" || record.component == "config");
}

// Those that tell why a plugin was refused, the first cause first.
std::vector<Record> causes_among(const std::vector<Record>& records) {
  std::vector<Record> causes;
  std::ranges::copy_if(records, std::back_inserter(causes), may_be_cause);
  const auto first = std::ranges::find_if_not(causes, is_summary);
  if (first != causes.end()) causes.erase(causes.begin(), first);
  return causes;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string cause_text(const Record& record) {
  const auto line = plugin_line(record);
  return line ? fmt::format("it logged: {}", line->message) : record.text;
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view name) {
  const auto at = text.find(fmt::format("{}: ", name));
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const auto* const begin = text.data() + at + name.size() + 2;
  std::from_chars(begin, text.data() + text.size(), value);
  return value;
}

}  // namespace

Error refusal(const std::string& name, const std::vector<Record>& causes) {
  Error error(Code::unloadable, fmt::format("Envoy refuses `{}`", name));
  if (causes.empty()) return error;
  const auto text = cause_text(causes.front());
  error.because(first_line(text));
  if (text.find("was compiled without support for it") != std::string::npos)
    error.hint("take another Envoy: `wasmctl doctor --fix` makes a .venv here with one");
  if (text.find('\n') != std::string::npos) error.with_output(text.substr(text.find('\n') + 1));
  return error;
}

Proxy::Proxy(Options options, std::vector<LoadedFilter> filters) : options_(std::move(options)) {
  require_free_port(options_.setup.port);
  require_free_port(options_.setup.admin_port.value_or(0));
  for (std::size_t i = 0; i < filters.size(); ++i) {
    auto document = document_of(filters[i], i);
    base::write_file(discovery_path(directory_.path(), i), document);
    slots_.push_back({filters[i].filter.name, std::move(document), filters[i].filter.module});
  }
  start();
}

Proxy::~Proxy() = default;

// Puts the module into its file, too.
std::string Proxy::document_of(LoadedFilter& loaded, std::size_t index) const {
  const auto bytes = loaded.module.view();
  loaded.filter.module = directory_.path() / (base::sha256_hex(bytes) + ".wasm");
  std::error_code ignored;
  if (!fs::exists(loaded.filter.module, ignored)) base::write_file(loaded.filter.module, bytes);
  return discovery(loaded.filter, options_.setup.traffic, index).dump();
}

void Proxy::start() {
  const auto bootstrap = dynamic_bootstrap(options_.setup, slots_.size(), directory_.path());
  base::write_file(directory_.path() / "bootstrap.json", bootstrap.dump());
  const auto marked = mark();
  if (options_.on_start) options_.on_start();
  run();
  learn_ports();
  check_first_load(marked);
}

// Its workers do not come back from a plugin, so they cannot be handed another: it is killed.
void Proxy::restart() {
  process_.reset();
  options_.setup.port = port_;
  if (options_.setup.admin_port) options_.setup.admin_port = std::exchange(admin_port_, 0);
  std::error_code ignored;
  fs::remove(directory_.path() / "admin", ignored);
  for (std::size_t i = 0; i < slots_.size(); ++i) {  // a file may have what was refused
    base::replace_file(discovery_path(directory_.path(), i), slots_[i].document);
  }
  start();
}

void Proxy::run() {
  const auto file = [this](const char* name) { return (directory_.path() / name).native(); };
  const std::vector<std::string> argv = {fs::absolute(options_.envoy).native(),
                                         "-c",
                                         file("bootstrap.json"),
                                         "--use-dynamic-base-id",
                                         "--disable-hot-restart",
                                         "--concurrency",
                                         fmt::format("{}", options_.concurrency),
                                         "--admin-address-path",
                                         file("admin"),
                                         "--file-flush-interval-msec",
                                         kAccessFlushMs,
                                         "--log-format",
                                         kLogFormat,
                                         "--log-format-escaped",
                                         "--log-level",
                                         options_.own_log_level,
                                         "--component-log-level",
                                         fmt::format("wasm:{}", options_.log_level)};
  const auto on_out = [this](std::string_view line) {
    const auto access = parse_access(line);
    if (access && options_.on_access) options_.on_access(*access);
  };
  const auto on_err = [this](std::string_view line) { keep(parse_record(line)); };
  process_.emplace(argv, directory_.path(), on_out, on_err);
}

// On the thread that reads the log.
void Proxy::keep(const Record& record) {
  {
    const std::lock_guard lock(mutex_);
    records_.push_back(record);
    if (records_.size() > kRecordsKept) {
      records_.pop_front();
      ++records_before_;
    }
  }
  came_.notify_all();
  if (options_.on_record) options_.on_record(record);
}

Proxy::Mark Proxy::mark() const {
  const std::lock_guard lock(mutex_);
  return records_before_ + records_.size();
}

// With the lock held.
std::deque<Record>::const_iterator Proxy::first_since(Mark mark) const {
  const auto skipped = mark > records_before_ ? mark - records_before_ : 0;
  return records_.cbegin() + static_cast<std::ptrdiff_t>(std::min<Mark>(skipped, records_.size()));
}

std::vector<Record> Proxy::since(Mark mark) const {
  const std::lock_guard lock(mutex_);
  return {first_since(mark), records_.cend()};
}

void Proxy::wait_a_little() const {
  pollfd stop{options_.stop == nullptr ? -1 : options_.stop->descriptor(), POLLIN, 0};
  ::poll(&stop, 1, static_cast<int>(kLook.count()));
  if (options_.stop != nullptr) options_.stop->check();
}

void Proxy::learn_admin_port() {
  const auto file = directory_.path() / "admin";
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return;
  const auto text = base::read_file(file, 4096);
  std::from_chars(text.data() + text.rfind(':') + 1, text.data() + text.size(), admin_port_);
}

// From then on workers serve. A socket is there a little before it is listened at.
bool Proxy::is_live() const {
  std::error_code ignored;
  if (options_.setup.admin_port ? admin_port_ == 0
                                : !fs::exists(directory_.path() / kAdminSocket, ignored))
    return false;
  try {
    return admin("/ready").starts_with("LIVE");
  } catch (const Error& error) {
    if (error.code() != Code::network) throw;
    return false;
  }
}

void Proxy::learn_ports() {
  const auto deadline = Clock::now() + kTimeToStart;
  while (true) {
    if (process_->has_ended()) throw refused_to_start();
    if (Clock::now() > deadline) {
      version_of(options_.envoy);  // throws if it is another program
      throw Error(Code::network, "Envoy did not start in time");
    }
    if (options_.setup.admin_port && admin_port_ == 0) learn_admin_port();
    if (is_live()) break;
    wait_a_little();
  }
  const auto listeners = nlohmann::json::parse(admin("/listeners?format=json"), nullptr, false);
  try {
    port_ = listeners.at("listener_statuses")
                .at(0)
                .at("local_address")
                .at("socket_address")
                .at("port_value");
  } catch (const nlohmann::json::exception&) {
    throw Error(Code::bad_input, "Envoy does not say where it listens");
  }
}

// Envoy starts with a plugin that it refuses, and answers 500 in its place.
void Proxy::check_first_load(Mark begin) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (counters(i).successes > 0) continue;
    throw refusal(slots_[i].name, causes_since(begin));
  }
}

std::vector<Record> Proxy::causes_since(Mark mark) {
  // The counters may be known before what was logged is read; this is the last line of it.
  constexpr milliseconds kForTheLog{500};
  const auto is_last = [](const Record& record) {
    return record.text.starts_with("Filesystem config update");
  };
  wait_for(mark, is_last, kForTheLog);
  return causes_among(since(mark));
}

Swap Proxy::swap(std::size_t index, LoadedFilter loaded) {
  auto& slot = slots_.at(index);
  auto document = document_of(loaded, index);
  if (document == slot.document) return {};
  auto unused = loaded.filter.module;  // the file of what is not taken
  try {
    const auto result = hand_over(index, document);
    if (result.result != Swap::Result::rejected) {
      const auto name = loaded.filter.name;
      unused = std::exchange(slot, {name, std::move(document), std::move(unused)}).module;
    }
    if (result.result == Swap::Result::restarted) restart();
    remove_unless_used(unused);
    return result;
  } catch (...) {
    remove_unless_used(unused);
    throw;
  }
}

Swap Proxy::hand_over(std::size_t index, const std::string& document) {
  const auto marked = mark();
  const auto before = counters(index);
  base::replace_file(discovery_path(directory_.path(), index), document);
  switch (wait_for_update(index, before)) {
    case Update::taken:
      return {Swap::Result::taken, {}};
    case Update::rejected:
      return {Swap::Result::rejected, causes_since(marked)};
    case Update::stuck:
      break;
  }
  return {Swap::Result::restarted, {}};
}

void Proxy::remove_unless_used(const fs::path& module) const {
  std::error_code ignored;
  const auto has_it = [&](const Slot& slot) { return slot.module == module; };
  if (std::ranges::none_of(slots_, has_it)) fs::remove(module, ignored);
}

Proxy::Counters Proxy::counters(std::size_t index) const {
  const auto prefix = counter_prefix(options_.setup.traffic, index);
  const auto stats = admin(fmt::format("/stats?filter={}", prefix));
  const auto value = [&](const char* name) {
    return number_after(stats, fmt::format("{}.{}", prefix, name)).value_or(0);
  };
  return {value("update_attempt"), value("update_success"), value("config_reload")};
}

// Until all worker threads have it: a rejection counts as a reload, too.
Proxy::Update Proxy::wait_for_update(std::size_t index, const Counters& before) const {
  const auto deadline = Clock::now() + kTimeToSwap;
  std::optional<Clock::time_point> accepted;  // by the main thread, which compiles it
  while (true) {
    const auto now = counters(index);
    if (now.attempts > before.attempts && now.reloads > before.reloads) {
      return now.successes > before.successes ? Update::taken : Update::rejected;
    }
    if (!accepted && now.successes > before.successes) accepted = Clock::now();
    if (accepted && Clock::now() > *accepted + kTimeOfWorkers) return Update::stuck;
    if (Clock::now() > deadline) throw Error(Code::network, "Envoy does not read its new plugin");
    wait_a_little();
  }
}

bool Proxy::wait_for(Mark mark, const std::function<bool(const Record&)>& is_meant,
                     milliseconds patience) {
  std::unique_lock lock(mutex_);
  return came_.wait_for(lock, patience,
                        [&] { return std::any_of(first_since(mark), records_.cend(), is_meant); });
}

std::string Proxy::admin(std::string_view target, std::string_view method) const {
  Patience patience;
  if (options_.stop != nullptr) patience.stop = options_.stop->descriptor();
  const Request request{std::string(method), std::string(target), {{"host", "admin"}}, "", {}};
  if (options_.setup.admin_port) return exchange(admin_port_, request, patience).body;
  auto connection = connect_to_file(directory_.path() / kAdminSocket);
  return exchange(std::move(connection), admin_address(), request, patience).body;
}

std::string Proxy::admin_address() const {
  return options_.setup.admin_port ? fmt::format("http://127.0.0.1:{}", admin_port_)
                                   : (directory_.path() / kAdminSocket).native();
}

std::string Proxy::version() const {
  const auto info = nlohmann::json::parse(admin("/server_info"), nullptr, false);
  if (!info.is_object()) return "";
  // "COMMIT/1.40.0/Clean/RELEASE/BoringSSL"
  const auto text = info.value("version", "");
  const auto begin = text.find('/');
  return begin == std::string::npos ? text
                                    : text.substr(begin + 1, text.find('/', begin + 1) - begin - 1);
}

std::uint64_t Proxy::counter(const std::string& name) const {
  return number_after(admin(fmt::format("/stats?filter=^{}$", name)), name).value_or(0);
}

Error Proxy::refused_to_start() {
  const int status = process_->wait();
  const auto records = since(0);
  const auto grave = std::ranges::find(records, "critical", &Record::level);
  if (grave == records.end()) version_of(options_.envoy);  // throws if it is another program
  Error error(Code::bad_input, fmt::format("Envoy does not start (status {})", status));
  if (grave != records.end()) return error.because(first_line(grave->text));
  std::string said;
  for (const auto& record : records) said += record.text + '\n';
  return error.with_output(said);
}

Error Proxy::death() {
  const int status = process_->wait();
  Error error(Code::network, status > 128
                                 ? fmt::format("Envoy was ended by signal {}", status - 128)
                                 : fmt::format("Envoy ended with status {}", status));
  if (status == 0) return error;  // somebody asked it to
  // A crash is told in many lines: the first of the last ones.
  constexpr std::size_t kLinesOfCrash = 64;
  const auto records = since(0);
  const auto skipped = records.size() - std::min(records.size(), kLinesOfCrash);
  const auto first =
      std::find_if(records.begin() + static_cast<std::ptrdiff_t>(skipped), records.end(), is_fatal);
  if (first != records.end()) error.because(first_line(cause_text(*first)));
  return error;
}

}  // namespace wasmctl::envoy
