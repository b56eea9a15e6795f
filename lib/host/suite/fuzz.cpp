#include "host/suite/fuzz.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "host/suite/inputs.hpp"
#include "host/suite/schema.hpp"
#include "wasm/code.hpp"
#include "yaml/write.hpp"

namespace wasmctl::host {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kHang = 20'000'000;        // instructions of one test
constexpr std::uint64_t kMuchMemory = 16U << 20U;  // bytes above what the tests take
constexpr std::uint64_t kMemoryForByte = 256;      // and for each byte of input
constexpr std::size_t kLongest = 1U << 16U;        // of a text
// For one finding: runs, and instructions in all of them, of which one that hangs has many.
constexpr std::uint64_t kShrinkingRuns = 3000;
constexpr std::uint64_t kShrinkingInstructions = 500'000'000;

// SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    auto value = state_ += 0x9e3779b97f4a7c15;
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111eb;
    return value ^ (value >> 31U);
  }
  std::size_t below(std::size_t end) { return end == 0 ? 0 : next() % end; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <typename List>
  const auto& of(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  std::uint64_t state_;
};

constexpr std::array<std::string_view, 24> kHostileTexts{
    "",     "0",         "-1",       "1",    "2147483648", "4294967295", "9223372036854775807",
    "1e99", "%00",       "%",        "../",  "a=b&c=d",    "{}",         "[]",
    "null", "{\"a\":1}", "\xc3\xa9", "true", "gzip",       "text/html",  "application/json",
    "GET",  "POST",      "Bearer "};
constexpr std::array<std::string_view, 12> kHeaders{
    ":method",       ":path",  ":authority", ":status",         "content-type",    "content-length",
    "authorization", "cookie", "user-agent", "x-forwarded-for", "accept-encoding", "x-request-id"};

// Changes an input here and there.
class Mutator {
 public:
  Mutator(Dice& dice, const std::vector<std::string>& words) : dice_(dice), words_(words) {}

  void change(Json& test, const Json& other) {
    for (auto n = 1 + dice_.below(4); n > 0; --n) {
      const auto kind = dice_.below(5);
      if (kind == 0) {
        change_phases(test, other);
      } else if (kind == 1) {
        add_header(test);
      } else {
        change_part(test);
      }
    }
  }

 private:
  // One of the parts, whatever it is; the test's name is none.
  void change_part(Json& test) {
    std::vector<Json*> parts;
    for (auto& [key, value] : test.items()) {
      if (key != "name") collect(value, parts);
    }
    if (parts.empty()) return;
    auto& part = *dice_.of(parts);
    if (part.is_string()) {
      part = changed(part.get<std::string>());
    } else if (part.is_array()) {
      change_list(part);
    } else if (part.is_number()) {
      part = dice_.below(dice_.one_in(4) ? 100'000 : 10);
    } else if (part.is_boolean()) {
      part = !part.get<bool>();
    }
  }

  static void collect(Json& value, std::vector<Json*>& parts) {
    if (!value.is_object()) parts.push_back(&value);
    if (!value.is_structured()) return;
    for (auto& [key, part] : value.items()) collect(part, parts);
  }

  std::string word() {
    if (dice_.one_in(6)) return std::to_string(dice_.below(dice_.one_in(3) ? 70'000 : 12));
    const bool is_own = !words_.empty() && !dice_.one_in(3);
    return is_own ? dice_.of(words_) : std::string(dice_.of(kHostileTexts));
  }

  std::string changed(std::string text) {
    const auto at = dice_.below(text.size() + 1);
    const auto count = dice_.below(text.size() - at + 1);
    switch (dice_.below(8)) {
      case 0:
        return word();
      case 1:
        text.insert(at, word());
        break;
      case 2:
        text.erase(at, count);
        break;
      case 3:
        text.insert(at, text.substr(at, count));
        break;
      case 4:
        text.insert(at, 1, static_cast<char>(dice_.below(128)));
        break;
      case 5:
        if (at < text.size()) text[at] = static_cast<char>(' ' + dice_.below(95));
        break;
      case 6:
        text.insert(at, std::string(dice_.below(2000), dice_.one_in(2) ? 'a' : '9'));
        break;
      default:
        text.resize(at);
    }
    if (text.size() > kLongest) text.resize(kLongest);
    return text;
  }

  Json header() {
    const auto key = dice_.one_in(3) ? std::string(dice_.of(kHeaders)) : word();
    return {{"key", key.empty() ? "x" : key}, {"value", word()}};
  }

  // To one of the phases that have some.
  void add_header(Json& test) {
    std::vector<Json*> lists;
    for (auto& [key, phase] : test.items()) {
      if (phase.is_object() && phase.contains("input") && phase["input"].contains("header"))
        lists.push_back(&phase["input"]["header"]);
    }
    if (lists.empty()) return;
    auto& list = *dice_.of(lists);
    const auto at = dice_.below(list.size() + 1);
    list.insert(list.begin() + static_cast<std::ptrdiff_t>(at), header());
  }

  void change_list(Json& list) {
    constexpr std::size_t kMost = 100;
    const auto at = dice_.below(list.size());
    const bool has_headers = list.empty() || list.front().contains("key");
    if (has_headers && list.size() < kMost && dice_.one_in(2)) {
      list.insert(list.begin() + static_cast<std::ptrdiff_t>(dice_.below(list.size() + 1)),
                  header());
    } else if (!list.empty() && list.size() < kMost && dice_.one_in(2)) {
      list.insert(list.begin() + static_cast<std::ptrdiff_t>(at), list[at]);
    } else if (!list.empty() && dice_.one_in(2)) {
      list.erase(at);
    } else if (list.size() > 1) {
      std::swap(list[at], list[dice_.below(list.size())]);
    }
  }

  // Gives what was not given, takes it away, or takes it from another test.
  void change_phases(Json& test, const Json& other) {
    constexpr std::array<std::string_view, 4> kFailures{"no", "connect", "timeout", "reset"};
    const Json body{{"input", {{"content", word()}}}};
    const Json headers{{"input", {{"header", Json::array({header()})}}}};
    switch (dice_.below(8)) {
      case 0:
        test["request_body"].push_back(body);
        break;
      case 1:
        test["response_body"].push_back(body);
        break;
      case 2:
        test["response_headers"] = headers;
        break;
      case 3:
        test[dice_.one_in(2) ? "request_trailers" : "response_trailers"] = headers;
        break;
      case 4:
        test[dice_.one_in(2) ? "num_chunks" : "chunk_size"] = 1 + dice_.below(8);
        break;
      case 5:
        if (test.contains("http_call"))
          test["http_call"][dice_.below(test["http_call"].size())]["failure"] = dice_.of(kFailures);
        break;
      case 6: {
        auto part = test.begin();
        std::advance(part, dice_.below(test.size()));
        if (part.key() != "name") test.erase(part.key());
        break;
      }
      default: {
        auto part = other.begin();
        std::advance(part, dice_.below(other.size()));
        if (part.key() != "name") test[part.key()] = part.value();
      }
    }
  }

  Dice& dice_;
  const std::vector<std::string>& words_;
};

std::size_t bytes_of(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size();
  std::size_t sum = 0;
  if (value.is_structured()) {
    for (const auto& [key, part] : value.items()) sum += bytes_of(part);
  }
  return sum;
}

// Runs inputs, and knows which of them are findings.
class Trial {
 public:
  Trial(const Suite& suite, const RunOptions& options) : file_(suite.file), options_(options) {
    options_.coverage = engine::Coverage::on;
  }

  // What the module says to a test of the suite itself. Throws as run_test does, and if the test is
  // not UTF-8.
  TestResult run_first(const Json& document) {
    const auto suite = read_suite(yaml::write(document), file_);
    SharedState shared;
    return run_test(suite, suite.test.front(), options_, shared);
  }

  // None: it is no suite, or the proxy would give it to nobody.
  std::optional<TestResult> run(const Json& document) {
    try {
      const auto suite = read_suite(yaml::write(document), file_);
      SharedState shared;
      auto result = run_test(suite, suite.test.front(), options_, shared);
      memory_of_input_ = kMemoryForByte * bytes_of(document);
      for (const auto& cost : result.costs) spent_ += cost.instructions;
      return result;
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  // What the tests themselves take is the measure.
  void learn(const TestResult& result) {
    std::uint64_t spent = 0;
    for (const auto& cost : result.costs) spent += cost.instructions;
    most_spent_ = std::max(most_spent_, spent);
    most_memory_ = std::max(most_memory_, result.memory_bytes);
    const auto most = options_.limits.instructions;
    limit_ = std::min(most, std::max(kHang, 10 * most_spent_));
  }
  // By all runs so far.
  std::uint64_t spent() const { return spent_; }
  void limit_instructions() { options_.limits.instructions = limit_; }

  // "unreachable in proxy_on_request_headers"; empty: nothing is wrong. `place` tells findings
  // apart.
  std::string finding(const TestResult& result, std::string& place) const {
    if (result.crash) {
      const auto& [trap, callback, hostcall] = *result.crash;
      const auto offset = trap.stack.empty() ? 0 : trap.stack.front().offset;
      // An endless loop ends anywhere.
      const bool hangs = trap.reason == engine::Reason::instructions_used_up;
      place = hangs ? callback : fmt::format("{}", offset);
      return fmt::format("{} in {}", engine::to_string(trap.reason), callback);
    }
    if (result.memory_bytes <= most_memory_ + kMuchMemory + memory_of_input_) return "";
    place = "memory";
    return fmt::format("{} bytes of memory for one stream", result.memory_bytes);
  }

 private:
  std::filesystem::path file_;
  RunOptions options_;
  std::uint64_t most_spent_ = 0;
  std::uint64_t most_memory_ = 0;
  std::uint64_t limit_ = kHang;
  std::uint64_t memory_of_input_ = 0;
  std::uint64_t spent_ = 0;
};

// Takes away what is not needed for a finding.
class Shrinker {
 public:
  Shrinker(Trial& trial, std::string what, std::string place)
      : trial_(trial), what_(std::move(what)), place_(std::move(place)), begin_(trial.spent()) {}

  Json shrink(Json document) {
    best_ = std::move(document);
    for (bool is_smaller = true; is_smaller && has_room();) {
      const auto before = best_;
      shrink_below(Json::json_pointer("/test/0"));
      is_smaller = best_ != before;
    }
    return std::move(best_);
  }

 private:
  bool has_room() const {
    return runs_ < kShrinkingRuns && trial_.spent() - begin_ < kShrinkingInstructions;
  }

  bool is_needed_at(const Json& candidate) {
    ++runs_;
    if (!has_room()) return false;
    const auto result = trial_.run(candidate);
    std::string place;
    return result && trial_.finding(*result, place) == what_ && place == place_;
  }

  bool keep_if_found(Json candidate) {
    if (!is_needed_at(candidate)) return false;
    best_ = std::move(candidate);
    return true;
  }

  void shrink_below(const Json::json_pointer& at) {
    const auto value = best_.at(at);
    if (value.is_string()) return shrink_text(at);
    if (!value.is_structured()) return;
    std::vector<std::string> keys;
    for (const auto& [key, part] : value.items()) keys.push_back(key);
    std::ranges::reverse(keys);  // so that the places of a list stay
    for (const auto& key : keys) {
      if (key == "name") continue;
      auto without = best_;
      if (value.is_array()) {
        without.at(at).erase(std::stoul(key));
      } else {
        without.at(at).erase(key);
      }
      if (!keep_if_found(std::move(without)))
        shrink_below(value.is_array() ? at / std::stoul(key) : at / key);
    }
  }

  // Without pieces of half, a quarter, ... of it; what is left as plain letters.
  void shrink_text(const Json::json_pointer& at) {
    for (auto size = best_.at(at).get<std::string>().size(); size > 0; size /= 2) {
      for (std::size_t from = 0; from < best_.at(at).get<std::string>().size();) {
        auto text = best_.at(at).get<std::string>();
        text.erase(from, size);
        auto without = best_;
        without.at(at) = text;
        if (!keep_if_found(std::move(without))) from += size;
      }
    }
  }

  Trial& trial_;
  std::string what_;
  std::string place_;
  std::uint64_t begin_;  // instructions spent before
  Json best_;
  std::uint64_t runs_ = 0;
};

class Fuzzer {
 public:
  Fuzzer(const Suite& suite, const FuzzPlan& plan)
      : plan_(plan), trial_(suite, plan.options), dice_(plan.seed), mutator_(dice_, plan.words) {}

  void begin_with(Json document) {
    const auto result = trial_.run_first(document);
    trial_.learn(result);
    std::string place;
    if (const auto what = trial_.finding(result, place); !what.empty()) known_.insert(what + place);
    is_new(result.executed);
    corpus_.push_back(std::move(document));
  }

  FuzzReport run() {
    trial_.limit_instructions();
    for (; !corpus_.empty() && plan_.goes_on(report_.runs); ++report_.runs) try_another();
    report_.instructions = static_cast<std::uint64_t>(std::ranges::count(seen_, 1));
    return std::move(report_);
  }

 private:
  // Whether something ran that did not before; it is remembered.
  bool is_new(const std::vector<std::uint8_t>& executed) {
    seen_.resize(std::max(seen_.size(), executed.size()));
    bool found = false;
    for (std::size_t i = 0; i < executed.size(); ++i) {
      if (executed[i] <= seen_[i]) continue;
      seen_[i] = 1;
      found = true;
    }
    return found;
  }

  // Inputs that were found last are tried more often.
  const Json& parent() {
    const auto size = corpus_.size();
    return corpus_[dice_.one_in(2) ? dice_.below(size)
                                   : size - 1 - dice_.below(std::min(size, std::size_t{8}))];
  }

  void try_another() {
    auto document = parent();
    mutator_.change(document["test"][0], dice_.of(corpus_)["test"][0]);
    auto result = trial_.run(document);
    if (!result) return;
    std::string place;
    if (const auto what = trial_.finding(*result, place); !what.empty())
      return add_finding(what, place, std::move(document));
    if (!is_new(result->executed)) return;
    ++report_.kept;
    corpus_.push_back(std::move(document));
  }

  void add_finding(const std::string& what, const std::string& place, Json document) {
    if (!known_.insert(what + place).second) return;
    auto shrunk = Shrinker(trial_, what, place).shrink(std::move(document));
    shrunk["test"][0]["name"] = "found by fuzzing: " + what;
    auto result = trial_.run(shrunk);
    if (result)
      report_.findings.push_back({what, std::move(shrunk), std::move(*result), report_.runs});
  }

  const FuzzPlan& plan_;
  Trial trial_;
  Dice dice_;
  Mutator mutator_;
  std::vector<Json> corpus_;
  std::vector<std::uint8_t> seen_;  // by offset in the module's file
  std::set<std::string> known_;     // findings
  FuzzReport report_;
};

bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

void add_data_words(const wasm::Module& module, std::set<std::string>& words) {
  constexpr std::size_t kShortest = 4;
  constexpr std::size_t kLongestWord = 64;
  const auto* const data = module.find_section(wasm::SectionId::data);
  if (data == nullptr) return;
  std::string word;
  for (const char c : std::string(data->content()) + '\0') {
    if (is_printable(c)) {
      word += c;
      continue;
    }
    if (word.size() >= kShortest && word.size() <= kLongestWord) words.insert(word);
    word.clear();
  }
}

// Short texts are compared with numbers.
void add_code_words(const wasm::Module& module, std::size_t body, std::set<std::string>& words) {
  constexpr std::uint32_t kI32Const = 0x41;
  constexpr std::uint32_t kI64Const = 0x42;
  std::vector<wasm::Number> numbers;
  wasm::Instructions instructions(wasm::instructions_of(module, body), &numbers);
  wasm::Instruction instruction;
  while (instructions.next(instruction)) {
    const bool is_constant = instruction.opcode == kI32Const || instruction.opcode == kI64Const;
    if (!is_constant || numbers.empty()) continue;
    std::string word;
    for (auto value = static_cast<std::uint64_t>(numbers.back().value); value != 0; value >>= 8U)
      word += static_cast<char>(value & 0xffU);
    if (word.size() > 1 && std::ranges::all_of(word, is_printable)) words.insert(word);
  }
}

}  // namespace

FuzzReport fuzz(const Suite& suite, const std::vector<const Test*>& tests, const FuzzPlan& plan) {
  Fuzzer fuzzer(suite, plan);
  for (const auto* test : tests) {
    auto document = inputs_of(suite, *test);
    auto& given = document["test"][0];
    // The configuration is an input as others are, where a test may have one.
    if (suite.env.host == SuiteHost::envoy && !given.contains("config") &&
        !plan.options.configuration.empty()) {
      given["config"] = plan.options.configuration;
    }
    fuzzer.begin_with(std::move(document));
  }
  return fuzzer.run();
}

std::vector<std::string> words_of(const wasm::Module& module) {
  std::set<std::string> words;
  add_data_words(module, words);
  for (std::size_t body = 0; body < module.bodies.size(); ++body)
    add_code_words(module, body, words);
  return {words.begin(), words.end()};
}

}  // namespace wasmctl::host
