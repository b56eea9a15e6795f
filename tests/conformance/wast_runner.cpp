// Runs test scripts of WebAssembly's official suite, as `wasm-tools json-from-wast` writes them.
//
//     wast_runner SCRIPT.json...
//
// Each failure is a line `SCRIPT.json:LINE: what`, LINE of the .wast file; the last line is the
// sum. The exit status is 1 if anything failed.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/files.hpp"
#include "wasm/module.hpp"

namespace {

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

struct Sum {
  std::size_t passed = 0;
  std::size_t failed = 0;
};

class Script {
 public:
  Script(std::filesystem::path file, Sum& sum) : file_(std::move(file)), sum_(sum) {}

  void run() {
    const auto script = nlohmann::json::parse(base::read_file(file_, wasm::kMaxModuleBytes));
    for (const auto& command : script["commands"]) {
      // Modules as text are for assemblers.
      if (command.value("module_type", "binary") != "binary") continue;
      line_ = command["line"];
      run(command);
    }
  }

 private:
  void run(const nlohmann::json& command) {
    const std::string type = command["type"];
    if (type == "module" || type == "module_definition" || type == "assert_unlinkable" ||
        type == "assert_uninstantiable") {
      const auto error = refusal(command);
      check(!error, fmt::format("a valid module is refused: {}", error.value_or("")));
    } else if (type == "assert_invalid" || type == "assert_malformed") {
      check(refusal(command).has_value(),
            fmt::format("accepted, but: {}", std::string(command["text"])));
    }
  }

  std::optional<std::string> refusal(const nlohmann::json& command) const {
    const auto bytes = base::read_file(file_.parent_path() / std::string(command["filename"]),
                                       wasm::kMaxModuleBytes);
    try {
      wasm::read_module(bytes, "m");
      return std::nullopt;
    } catch (const Error& error) {
      return error.message();
    }
  }

  void check(bool passed, const std::string& failure) {
    ++(passed ? sum_.passed : sum_.failed);
    if (!passed) fmt::print("{}:{}: {}\n", file_.string(), line_, failure);
  }

  std::filesystem::path file_;
  Sum& sum_;
  int line_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Sum sum;
  for (int i = 1; i < argc; ++i) Script(argv[i], sum).run();
  fmt::print("{} passed, {} failed\n", sum.passed, sum.failed);
  return sum.failed == 0 ? 0 : 1;
}
