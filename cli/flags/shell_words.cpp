#include "cli/flags/shell_words.hpp"

#include <cctype>

namespace wasmctl::cli {

ShellWords shell_words(std::string_view line) {
  ShellWords found;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (found.quote == '\0' && std::isspace(static_cast<unsigned char>(c)) != 0) {
      found.is_ended = true;
      continue;
    }
    if (found.is_ended) found.words.emplace_back();
    found.is_ended = false;
    if (found.quote == '\0' && (c == '\'' || c == '"')) {
      found.quote = c;
    } else if (c == found.quote) {
      found.quote = '\0';
    } else if (c == '\\' && found.quote != '\'' && i + 1 < line.size()) {
      found.words.back() += line[++i];
    } else {
      found.words.back() += c;
    }
  }
  return found;
}

}  // namespace wasmctl::cli
