// The checks behind the table of lint.cpp, by what they look at.
#pragma once

#include "wasm/calls.hpp"
#include "wasm/lint/lint.hpp"

namespace wasmctl::wasm {

using Findings = std::vector<Finding>;

void add(Findings& findings, const Rule& rule, std::string message, std::string hint = {},
         std::string subject = {}, std::vector<Frame> trail = {});

// `steps` with names and places.
std::vector<Frame> frames(const Subject& subject, const std::vector<Step>& steps);

bool exports_function(const Module& module, std::string_view name);

// imports.cpp
void check_imports(const Subject& subject, const Rule& rule, Findings& findings);
void check_import_types(const Subject& subject, const Rule& rule, Findings& findings);
void check_host_versions(const Subject& subject, const Rule& rule, Findings& findings);
void check_stubs(const Subject& subject, const Rule& rule, Findings& findings);

// exports.cpp
void check_abi_marker(const Subject& subject, const Rule& rule, Findings& findings);
void check_single_marker(const Subject& subject, const Rule& rule, Findings& findings);
void check_allocator(const Subject& subject, const Rule& rule, Findings& findings);
void check_memory(const Subject& subject, const Rule& rule, Findings& findings);
void check_callback_types(const Subject& subject, const Rule& rule, Findings& findings);
void check_entry_types(const Subject& subject, const Rule& rule, Findings& findings);
void check_callback_names(const Subject& subject, const Rule& rule, Findings& findings);
void check_callbacks(const Subject& subject, const Rule& rule, Findings& findings);
void check_unused_exports(const Subject& subject, const Rule& rule, Findings& findings);

// Whether an export is of use to Envoy: all others could as well not be there.
bool is_used_by_envoy(const Export& item);

// start.cpp
void check_start_traps(const Subject& subject, const Rule& rule, Findings& findings);
void check_start_calls(const Subject& subject, const Rule& rule, Findings& findings);
void check_command_exits(const Subject& subject, const Rule& rule, Findings& findings);
void check_both_starts(const Subject& subject, const Rule& rule, Findings& findings);

// weight.cpp
void check_features(const Subject& subject, const Rule& rule, Findings& findings);
void check_memory_limit(const Subject& subject, const Rule& rule, Findings& findings);
void check_memory_size(const Subject& subject, const Rule& rule, Findings& findings);
void check_config_map_size(const Subject& subject, const Rule& rule, Findings& findings);
void check_apply_size(const Subject& subject, const Rule& rule, Findings& findings);
void check_debug_info(const Subject& subject, const Rule& rule, Findings& findings);

}  // namespace wasmctl::wasm
