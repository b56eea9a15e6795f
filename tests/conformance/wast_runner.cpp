// Runs test scripts of WebAssembly's official suite, as `wasm-tools json-from-wast` writes them.
//
//     wast_runner SCRIPT.json...
//
// Each failure is a line `SCRIPT.json:LINE: what`, LINE of the .wast file. Every module is
// validated; one that the engine does not run is left out of the rest, and counted by its feature.
// The exit status is 1 if anything failed.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>

#include "base/error.hpp"
#include "base/files.hpp"
#include "engine/heap.hpp"
#include "engine/store.hpp"
#include "wasm/module.hpp"

namespace {

using namespace wasmctl;  // NOLINT(google-build-using-namespace)
using nlohmann::json;

struct Sum {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::map<std::string, std::size_t> left_out;  // by what the engine says
};

// A module that the engine refuses by name.
struct NotRun {};

class Script {
 public:
  Script(std::filesystem::path file, Sum& sum)
      : file_(std::move(file)), sum_(sum), store_(limits()) {
    add_spectest();
  }

  void run() {
    const auto script = json::parse(base::read_file(file_, wasm::kMaxModuleBytes));
    for (const auto& command : script["commands"]) {
      // Modules as text are for assemblers.
      if (command.value("module_type", "binary") != "binary") {
        if (command["type"] == "module") last_ = nullptr;
        reason_ = "is text";
        continue;
      }
      line_ = command["line"];
      try {
        run(command);
      } catch (const NotRun&) {
        ++sum_.left_out[reason_];
      } catch (const Error& error) {
        check(false, error.message());
      }
    }
  }

 private:
  static engine::Limits limits() {
    engine::Limits limits;
    limits.memory_bytes = std::uint64_t{1} << 32U;
    limits.instructions = 2'000'000'000;
    return limits;
  }

  // The module that every script may import.
  void add_spectest() {
    using wasm::ValueType;
    const auto print = [&](const std::string& name, std::vector<ValueType> parameters) {
      spectest_[name] = store_.add_host_function({std::move(parameters), {}},
                                                 [](engine::HostCall&) { return std::nullopt; });
    };
    print("print", {});
    print("print_i32", {ValueType::i32});
    print("print_i64", {ValueType::i64});
    print("print_f32", {ValueType::f32});
    print("print_f64", {ValueType::f64});
    print("print_i32_f32", {ValueType::i32, ValueType::f32});
    print("print_f64_f64", {ValueType::f64, ValueType::f64});
    spectest_["global_i32"] = store_.add_global(ValueType::i32, false, 666);
    spectest_["global_i64"] = store_.add_global(ValueType::i64, false, 666);
    spectest_["global_f32"] =
        store_.add_global(ValueType::f32, false, std::bit_cast<std::uint32_t>(666.6F));
    spectest_["global_f64"] =
        store_.add_global(ValueType::f64, false, std::bit_cast<std::uint64_t>(666.6));
    wasm::Limits table;
    table.minimum = 10;
    table.maximum = 20;
    spectest_["table"] = store_.add_table(ValueType::funcref, table, 0);
    table.is_64 = true;
    spectest_["table64"] = store_.add_table(ValueType::funcref, table, 0);
    wasm::Limits memory;
    memory.minimum = 1;
    memory.maximum = 2;
    spectest_["memory"] = store_.add_memory(memory);
    memory.shared = true;
    spectest_["shared_memory"] = store_.add_memory(memory);
  }

  void run(const json& command) {
    const std::string type = command["type"];
    if (type == "module") {
      last_ = nullptr;
      const auto name = command.value("name", std::string());
      named_[name] = nullptr;
      const auto& program = load(command);
      last_ = instantiate(program);
      named_[name] = last_;
    } else if (type == "module_definition") {
      definitions_[command.value("name", std::string())] = nullptr;
      definitions_[command.value("name", std::string())] = &load(command);
    } else if (type == "module_instance") {
      const auto* program = definitions_[command.value("module", std::string())];
      if (program == nullptr) throw NotRun();
      last_ = instantiate(*program);
      named_[command.value("instance", std::string())] = last_;
    } else if (type == "register") {
      registered_[command["as"]] = nullptr;
      registered_[command["as"]] = &instance(command.value("name", std::string()));
    } else if (type == "assert_invalid" || type == "assert_malformed") {
      check(refusal(command), fmt::format("accepted, but: {}", std::string(command["text"])));
    } else if (type == "assert_unlinkable") {
      check_unlinkable(command);
    } else if (type == "assert_uninstantiable") {
      const auto& program = load(command);
      check(store_.instantiate(program, resolver()).trap.has_value(), "it starts");
    } else {
      check_action(type, command);
    }
  }

  base::Content bytes_of(const json& command) const {
    return base::read_file(file_.parent_path() / std::string(command["filename"]),
                           wasm::kMaxModuleBytes);
  }

  bool refusal(const json& command) const {
    try {
      wasm::read_module(bytes_of(command), "m");
      return false;
    } catch (const Error&) {
      return true;
    }
  }

  // Throws what is wrong with a module that should be right, or NotRun.
  const engine::Program& load(const json& command) {
    auto module = wasm::read_module(bytes_of(command), "m");
    try {
      programs_.push_back(std::make_unique<engine::Program>(std::move(module), "m"));
    } catch (const Error& error) {
      reason_ = error.message().substr(3);  // without the file's name
      throw NotRun();
    }
    check(true, "");
    return *programs_.back();
  }

  const engine::Instance* instantiate(const engine::Program& program) {
    const auto made = store_.instantiate(program, resolver());
    if (made.trap) {
      check(false, fmt::format("it traps at the start: {}", engine::to_string(made.trap->reason)));
    }
    return made.instance;
  }

  engine::Resolver resolver() {
    return [this](const wasm::Import& import) -> std::optional<engine::External> {
      if (import.module == "spectest") {
        const auto found = spectest_.find(import.name);
        if (found != spectest_.end()) return found->second;
        return std::nullopt;
      }
      const auto found = registered_.find(import.module);
      if (found == registered_.end()) return std::nullopt;
      if (found->second == nullptr) throw NotRun();
      return engine::find_export(*found->second, import.name);
    };
  }

  void check_unlinkable(const json& command) {
    const auto& program = load(command);
    try {
      store_.instantiate(program, resolver());
      check(false, "it links");
    } catch (const Error& error) {
      check(error.message().find(std::string(command["text"])) != std::string::npos,
            fmt::format("expected {}, got {}", std::string(command["text"]), error.message()));
    }
  }

  const engine::Instance& instance(const std::string& name) {
    const auto* found = name.empty() ? last_ : named_[name];
    if (found == nullptr) throw NotRun();
    return *found;
  }

  void check_action(const std::string& type, const json& command) {
    const auto& action = command["action"];
    const auto& on = instance(action.value("module", std::string()));
    const auto item = engine::find_export(on, std::string(action["field"]));
    if (!item) return check(false, "no such export");
    engine::Outcome outcome;
    if (action["type"] == "get") {
      const auto& global = *std::get<engine::Global*>(*item);
      outcome.results = {global.value};
      if (global.type == wasm::ValueType::v128) outcome.results.push_back(global.high);
    } else {
      std::vector<engine::Slot> arguments;
      for (const auto& argument : action["args"]) {
        for (const auto value : slots(argument)) arguments.push_back(value);
      }
      outcome = store_.invoke(*std::get<engine::Function*>(*item), arguments);
    }
    check_outcome(type, command, outcome);
  }

  void check_outcome(const std::string& type, const json& command, const engine::Outcome& outcome) {
    const auto got =
        outcome.trap ? std::string(engine::to_string(outcome.trap->reason)) : "results";
    if (type == "assert_trap" || type == "assert_exhaustion") {
      const std::string want = command["text"];
      check(outcome.trap && (want.starts_with(got) || got.starts_with(want)),
            fmt::format("expected {}, got {}", want, got));
    } else if (type == "assert_exception") {
      check(outcome.trap && outcome.trap->reason == engine::Reason::uncaught_exception,
            fmt::format("expected an exception, got {}", got));
    } else if (outcome.trap) {
      check(false, fmt::format("it traps: {}", got));
    } else if (type == "assert_return") {
      const auto& expected = command["expected"];
      std::span<const engine::Slot> left(outcome.results);
      bool fits = true;
      for (const auto& one : expected) {
        const auto size = width(one);
        fits = fits && left.size() >= size && matches(one, left.first(size));
        left = left.subspan(std::min(size, left.size()));
      }
      fits = fits && left.empty();
      check(fits,
            fmt::format("expected {}, got {}", expected.dump(), fmt::join(outcome.results, ", ")));
    }
  }

  // The slots that a value takes.
  static std::size_t width(const json& value) {
    if (value["type"] == "either") return width(value["values"].front());
    return value["type"] == "v128" ? 2 : 1;
  }

  static std::vector<engine::Slot> slots(const json& value) {
    if (value["type"] != "v128") return {slot(value["type"], value.value("value", "null"))};
    std::vector<engine::Slot> halves(2);
    const unsigned bits = lane_bits(value);
    unsigned at = 0;
    for (const auto& lane : value["value"]) {
      const auto number = slot(value["lane_type"], lane);
      halves[at / 64] |= (bits == 64 ? number : number & ((engine::Slot{1} << bits) - 1))
                         << at % 64;
      at += bits;
    }
    return halves;
  }

  static unsigned lane_bits(const json& vector) {
    return 128 / static_cast<unsigned>(vector["value"].size());
  }

  static engine::Slot slot(const std::string& type, const std::string& text) {
    if (text == "null") return 0;
    const auto number = static_cast<engine::Slot>(
        text.starts_with("-") ? static_cast<std::uint64_t>(std::stoll(text)) : std::stoull(text));
    if (type == "i32" || type == "f32") return static_cast<std::uint32_t>(number);
    // What a host's reference is, is the host's business; 0 is null.
    if (type == "externref") return number + 1;
    return type == "anyref" ? engine::externalized(number + 1) : number;
  }

  static bool matches(const json& expected, std::span<const engine::Slot> got) {
    const std::string type = expected["type"];
    if (type == "either") {
      return std::ranges::any_of(expected["values"],
                                 [&](const json& one) { return matches(one, got); });
    }
    if (type != "v128") {
      if (!expected.contains("value")) return is_reference(type, got[0]);
      return is_value(type, expected["value"], got[0]);
    }
    const unsigned bits = lane_bits(expected);
    unsigned at = 0;
    bool all = true;
    for (const auto& lane : expected["value"]) {
      const auto value = got[at / 64] >> at % 64;
      const auto cut = bits == 64 ? value : value & ((engine::Slot{1} << bits) - 1);
      const std::string lane_type = expected["lane_type"];
      if (lane_type == "f32" || lane_type == "f64") {
        all = all && is_value(lane_type, lane, cut);
      } else {
        all = all && (slot(lane_type, lane) ^ cut) << (64 - bits) == 0;
      }
      at += bits;
    }
    return all;
  }

  // Any reference of the type.
  static bool is_reference(const std::string& type, engine::Slot got) {
    const bool is_null = type == "refnull" || (type.starts_with("null") && type.ends_with("ref"));
    if (is_null || got == 0) return is_null && got == 0;
    if (type == "i31ref") return engine::is_i31(got);
    if (type == "structref" || type == "arrayref") return engine::is_object(got);
    if (type == "eqref") return engine::is_object(got) || engine::is_i31(got);
    return true;
  }

  static bool is_value(const std::string& type, const std::string& text, engine::Slot got) {
    if (!text.starts_with("nan:")) return slot(type, text) == got;
    const auto sign = type == "f32" ? std::uint64_t{1} << 31U : std::uint64_t{1} << 63U;
    const auto quiet = type == "f32" ? std::uint64_t{0x7fc0'0000} : std::uint64_t{0x7ff8} << 48U;
    if (text == "nan:canonical") return (got & ~sign) == quiet;
    return (got & quiet) == quiet;
  }

  void check(bool passed, const std::string& failure) {
    ++(passed ? sum_.passed : sum_.failed);
    if (!passed) fmt::print("{}:{}: {}\n", file_.string(), line_, failure);
  }

  std::filesystem::path file_;
  Sum& sum_;
  int line_ = 0;
  std::string reason_;  // of the last module that was left out
  std::vector<std::unique_ptr<engine::Program>> programs_;
  engine::Store store_;
  std::map<std::string, engine::External> spectest_;
  const engine::Instance* last_ = nullptr;
  std::map<std::string, const engine::Instance*> named_;
  std::map<std::string, const engine::Instance*> registered_;
  std::map<std::string, const engine::Program*> definitions_;
};

}  // namespace

int main(int argc, char** argv) {
  Sum sum;
  for (int i = 1; i < argc; ++i) Script(argv[i], sum).run();
  for (const auto& [reason, count] : sum.left_out) {
    fmt::print("left out: {} commands, since a module {}\n", count, reason);
  }
  fmt::print("{} passed, {} failed\n", sum.passed, sum.failed);
  return sum.failed == 0 ? 0 : 1;
}
