// Rules about what is not in the bytes, but shows when the module runs.
#include <fmt/format.h>

#include <algorithm>

#include "wasm/lint/rules.hpp"

namespace wasmctl::wasm {

namespace {

// What SDKs say when they know of no way to make a stream's context.
// Sources: proxy-wasm-rust-sdk, src/dispatcher.rs; proxy-wasm-go-sdk, abi_callback_lifecycle.go;
// proxy-runtime (AssemblyScript), assembly/runtime.ts.
struct NoFactory {
  std::string_view said;
  std::string_view hint;
};

constexpr std::string_view kRust =
    "in Rust: `get_type` of the RootContext answers `Some(ContextType::HttpContext)`, and its "
    "`create_http_context` makes the context";
constexpr std::string_view kGo = "in Go: `NewHttpContext` of the PluginContext returns a context";

constexpr NoFactory kNoFactories[] = {
    {"missing ContextType on", kRust},
    {"create_http_context returned None", kRust},
    {"create_stream_context returned None",
     "in Rust: `create_stream_context` of the RootContext makes the context"},
    {"invalid root_context_id and missing constructors", kRust},
    {"invalid context id on proxy_on_context_create", kGo},
    {"Base createContext called",
     "in AssemblyScript: the RootContext overrides `createContext`, which makes the context"},
};

const NoFactory* no_factory(const std::vector<std::string>& said) {
  for (const auto& row : kNoFactories) {
    const bool is_said = std::ranges::any_of(
        said, [&](const auto& text) { return text.find(row.said) != std::string::npos; });
    if (is_said) return &row;
  }
  return nullptr;
}

void check_stream_context(const Subject& subject, const Rule& rule, Findings& findings) {
  if (subject.failure == nullptr) return;
  const auto& [reason, said] = *subject.failure;
  if (const auto* const known = no_factory(said)) {
    add(findings, rule,
        "makes no context for a request: the plugin ends at the first one, which gets 503",
        std::string(known->hint), "proxy_on_context_create");
    return;
  }
  add(findings, rule,
      fmt::format("a trial fails when the context of the first request is made: {}{}{}", reason,
                  said.empty() ? "" : "; it said: ", said.empty() ? "" : said.back()),
      "`wasmctl test` shows where; another configuration may do", "proxy_on_context_create");
  findings.back().severity = Severity::warning;
}

constexpr LintRule kTrialRules[] = {
    {{"stream-context", Severity::error, "has a context for each request"},
     Judge::envoy,
     "Told by a trial in the embedded host, with the configuration of wasmctl.yaml, of modules up "
     "to "
     "8 MiB: a root context alone answers for no request. Of a failure that has another reason it "
     "warns.",
     check_stream_context},
};

}  // namespace

std::span<const LintRule> trial_rules() {
  return kTrialRules;
}

}  // namespace wasmctl::wasm
