// The words of a line, told apart as a shell does: by blanks outside of quotes. Nothing else of a
// shell's counts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::cli {

struct ShellWords {
  std::vector<std::string> words;
  bool is_ended =
      true;           // a blank follows the last word, or there is none: what is typed next is new
  char quote = '\0';  // that is open at the end
};

ShellWords shell_words(std::string_view line);

}  // namespace wasmctl::cli
