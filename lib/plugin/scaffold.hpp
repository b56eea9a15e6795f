// A new plugin, made from one of those in plugins/. They are in the binary, and built and tested
// with it, so that no template goes stale; what is made from the sources (a schema) is left out.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::plugin {

struct Template {
  std::string_view name;    // "header"
  std::string_view plugin;  // that it is made from: "header-logger", "rust/header-logger"
  std::string_view about;   // "logs headers of each request"
};

// The default first.
std::span<const Template> templates();

// As it is in plugins/PLUGIN, but for what names the schema.
struct TemplateFile {
  std::string_view plugin;
  std::string_view path;  // "tests/header_logger.yaml"
  std::string_view text;
};
std::span<const TemplateFile> template_files();

struct NewFile {
  std::string path;
  std::string text;
};

// The JSON Schema of wasmctl.yaml that the new one names, for editors; whoever makes the plugin
// puts it there.
inline constexpr char kSchemaFile[] = ".wasmctl.schema.json";

// The files of a plugin called `name`, an RFC 1123 label, sorted by path: those of the template
// under the new name, and a .gitignore.
std::vector<NewFile> scaffold(const Template& from, std::string_view name);

}  // namespace wasmctl::plugin
