#include "compile/depfile.hpp"

namespace wasmctl::compile {

std::vector<std::string> parse_depfile(std::string_view text) {
  const auto colon = text.find(": ");
  if (colon == std::string_view::npos) return {};
  text.remove_prefix(colon + 2);

  std::vector<std::string> files;
  std::string file;
  const auto finish = [&] {
    if (!file.empty()) files.push_back(std::move(file));
    file.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\\' && next == '\n') {
      finish();
      ++i;
    } else if ((c == '\\' && (next == ' ' || next == '#')) || (c == '$' && next == '$')) {
      file += next;
      ++i;
    } else if (c == ' ' || c == '\n' || c == '\r') {
      finish();
    } else {
      file += c;
    }
  }
  finish();
  return files;
}

}  // namespace wasmctl::compile
