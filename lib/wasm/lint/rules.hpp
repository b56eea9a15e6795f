// What the files of rules have in common.
#pragma once

#include <span>

#include "wasm/calls.hpp"
#include "wasm/lint/lint.hpp"

namespace wasmctl::wasm {

using Findings = std::vector<Finding>;

// Each file's table.
std::span<const LintRule> export_rules();   // what the host looks for and calls
std::span<const LintRule> import_rules();   // what the module wants of the host
std::span<const LintRule> start_rules();    // what happens before the first callback
std::span<const LintRule> section_rules();  // what the sections hold
std::span<const LintRule> segment_rules();  // what is put into memories and tables
std::span<const LintRule> weight_rules();   // what it costs
std::span<const LintRule> trial_rules();    // what a trial of it showed

void add(Findings& findings, const Rule& rule, std::string message, std::string hint = {},
         std::vector<Mention> about = {});
// About one thing.
void add(Findings& findings, const Rule& rule, std::string message, std::string hint,
         std::string name, std::vector<Frame> trail = {});

// `steps` with names and places.
std::vector<Frame> frames(const Subject& subject, const std::vector<Step>& steps);

// "`a`, `b` and 3 more".
std::string quoted(const std::vector<std::string>& names);
std::vector<std::string> names_of(const std::vector<Mention>& about);

bool exports_function(const Module& module, std::string_view name);

// "Envoy", "Higress": whose host the module is meant for.
std::string_view host_of(const Subject& subject);
Vendor vendor_of(const Subject& subject);

// Whether the host can read the names of functions, of which it needs none.
bool host_reads_names(const Module& module);

// Whether an export is of use to Envoy: all others could as well not be there.
bool is_used_by_envoy(const Module& module, const Export& item);

}  // namespace wasmctl::wasm
