#include "plugin/scaffold.hpp"

#include <algorithm>
#include <string>

#include "plugin/plugin.hpp"

namespace wasmctl::plugin {

namespace {

constexpr Template kTemplates[] = {
    {"header", "header-logger", "looks at the headers of each request, and logs some"},
    {"rewrite", "header-rewriter", "sets, adds and removes headers, of responses, too"},
    {"body", "body-rewriter", "replaces a text in bodies, however they are cut"},
    {"auth", "api-key", "lets requests in that carry a key, and answers 401 to others"},
    {"limit", "rate-limiter", "answers 429 to those that ask too often; shared data"},
    {"callout", "ext-authz", "asks a service about each request, which waits"},
    {"metrics", "request-metrics", "counts and times requests"},
    {"tcp", "tcp-guard", "looks into TCP connections, and closes some"},
    {"rust", "rust/header-logger", "does what `header` does, in Rust"},
    {"go", "go/header-logger", "does what `header` does, in Go"},
};

// Written by builds that describe the configuration: a copy would go stale at its first change.
constexpr std::string_view kSchemaLine = "  configSchema: config.schema.json\n";

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

// As in file names and identifiers.
std::string with_underscores(std::string_view name) {
  std::string text(name);
  std::ranges::replace(text, '-', '_');
  return text;
}

// `before` for `after` where it is a word of its own: `x-api-key` is none of `api-key`.
std::string replace_words(std::string_view text, std::string_view before, std::string_view after) {
  std::string result;
  std::size_t from = 0;
  for (auto at = text.find(before); at != std::string_view::npos; at = text.find(before, at)) {
    const auto end = at + before.size();
    const bool begins = at == 0 || !is_name_character(text[at - 1]);
    const bool ends = end == text.size() || !is_name_character(text[end]);
    result += text.substr(from, at - from);
    result += begins && ends ? after : before;
    from = at = end;
  }
  return result.append(text.substr(from));
}

}  // namespace

std::span<const Template> templates() {
  return kTemplates;
}

std::vector<NewFile> scaffold(const Template& from, std::string_view name) {
  const auto old_name = from.plugin.substr(from.plugin.rfind('/') + 1);
  const auto old_underscores = with_underscores(old_name);
  const auto new_underscores = with_underscores(name);
  const auto renamed = [&](std::string_view text) {
    auto result = replace_words(text, old_name, name);
    result = replace_words(result, old_underscores, new_underscores);
    return replace_words(result, "register_" + old_underscores, "register_" + new_underscores);
  };
  std::vector<NewFile> files;
  for (const auto& file : template_files()) {
    if (file.plugin != from.plugin) continue;
    auto text = renamed(file.text);
    if (const auto at = text.find(kSchemaLine); at != std::string::npos) {
      text.erase(at, kSchemaLine.size());
    }
    if (file.path == kFileName) {
      text.insert(0, std::string("# yaml-language-server: $schema=") + kSchemaFile + "\n");
    }
    files.push_back({renamed(file.path), std::move(text)});
  }
  constexpr auto* kIgnored = ".gitignore";
  if (std::ranges::find(files, kIgnored, &NewFile::path) == files.end()) {
    files.push_back({kIgnored, "/build/\n"});
  }
  std::ranges::sort(files, {}, &NewFile::path);
  return files;
}

}  // namespace wasmctl::plugin
