#include "cli/flags/choice.hpp"

#include <fmt/format.h>

#include "base/suggest.hpp"
#include "cli/command.hpp"

namespace wasmctl::cli {

Error refuse_word(std::string_view flag, std::string_view word,
                  const std::vector<std::string_view>& words) {
  return usage_error(flag, fmt::format("cannot be `{}`", word)).hint(base::suggest(word, words));
}

}  // namespace wasmctl::cli
