#include "compile/descriptions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.hpp"
#include "base/files.hpp"

namespace wasmctl::compile {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPrefix = "wasmctl.config.";

struct Description {
  std::string_view section;  // behind the prefix
  const char* extension;
  bool json;
};

constexpr Description kDescriptions[] = {
    {"schema", ".schema.json", true},
    {"example", ".example.json", true},
    {"table", ".config.md", false},
};

}  // namespace

bool is_description(std::string_view section) {
  return section.starts_with(kPrefix);
}

void write_descriptions(const wasm::Module& module, const fs::path& module_file) {
  for (const auto& description : kDescriptions) {
    const auto file = fs::path(module_file).replace_extension(description.extension);
    const auto found = std::ranges::find_if(module.sections, [&](const wasm::Section& section) {
      return is_description(section.name) &&
             std::string_view(section.name).substr(kPrefix.size()) == description.section;
    });
    if (found == module.sections.end()) {
      fs::remove(file);
      continue;
    }
    const auto text = found->content();
    // The linker puts sections of one name together.
    if (description.json && !nlohmann::json::accept(text)) {
      throw Error(Code::build_failed, fmt::format("{} describes its configuration more than once",
                                                  module_file.stem().native()))
          .hint("say PROXY_WASM_DESCRIBE in one source only");
    }
    base::write_file_if_changed(file, text);
  }
}

}  // namespace wasmctl::compile
