// The annotations of an image that is pushed. Of the same key the later one wins: wasmctl.yaml's,
// --source and --revision, --annotation.
#pragma once

#include <string>
#include <vector>

#include "cli/flags/source.hpp"
#include "oci/descriptor.hpp"

namespace wasmctl::cli {

struct AnnotationOptions {
  std::vector<std::string> annotations;  // KEY=VALUE
  std::string source;                    // a URL; `git`: of the remote `origin`
  std::string revision;                  // a commit; `git`: the one that is checked out
};

// Whether any was asked for on the command line.
bool has_annotations(const AnnotationOptions& options);

void add_annotation_options(CLI::App& command, AnnotationOptions& options);

// What git is asked for is about the directory of `module`. Throws Error{Code::usage} for what is
// no KEY=VALUE, {tool_missing} without git, {not_found} where it has no answer. The URL of the
// source is without a login, wherever it comes from.
oci::Annotations annotations(const AnnotationOptions& options, const LocalModule& module);

}  // namespace wasmctl::cli
