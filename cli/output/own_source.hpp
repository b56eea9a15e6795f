// Which of the files that a module's lines name are the plugin's own.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace wasmctl::cli {

// `file`, as the compiler was told it, below `directory`; none: it is the SDK's, a library's, or
// not there.
std::optional<std::filesystem::path> own_source(const std::string& file,
                                                const std::filesystem::path& directory);

}  // namespace wasmctl::cli
