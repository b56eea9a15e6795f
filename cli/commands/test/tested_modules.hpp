// The modules that `wasmctl test` runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/test/test_options.hpp"
#include "cli/flags/source.hpp"
#include "engine/profile.hpp"
#include "engine/program.hpp"
#include "engine/store.hpp"
#include "host/suite/suite.hpp"
#include "plugin/plugin.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::cli {

// A module, ready to run.
struct TestedModule {
  std::string path;
  std::optional<plugin::Plugin> plugin;  // if it was built from a directory
  std::unique_ptr<engine::Program> program;
  std::vector<std::uint8_t> executed;      // of all its tests; empty: not noted
  std::optional<engine::Profile> profile;  // the same
  wasm::PlacedFunctions placed;            // what the profile's groups are made of

  // Of its sources: the plugin's, of a module alone the working directory.
  std::filesystem::path directory() const {
    return plugin ? plugin->directory : std::filesystem::path();
  }
};

class TestedModules {
 public:
  // Both must outlive it.
  TestedModules(Context& context, const TestOptions& options)
      : context_(context), options_(options), images_(context, options.registry) {}

  // SOURCE, or the module that the suite names if there is no SOURCE; each is loaded once.
  TestedModule& of(const host::Suite& suite, const Source& source);
  // By what the suites call them.
  const std::map<std::string, std::unique_ptr<TestedModule>>& all() const { return modules_; }

 private:
  Context& context_;
  const TestOptions& options_;
  Images images_;
  std::map<std::string, std::unique_ptr<TestedModule>> modules_;
};

// The calls of a stack, innermost first, with what was inlined: "rewrite(...) (plugin.cc:14)".
std::vector<std::string> describe_stack(const std::vector<engine::StackFrame>& stack,
                                        const TestedModule& module);
// The same of those in the plugin's own sources; of all, if none is.
std::vector<std::string> describe_own_calls(const std::vector<engine::StackFrame>& stack,
                                            const TestedModule& module);

}  // namespace wasmctl::cli
