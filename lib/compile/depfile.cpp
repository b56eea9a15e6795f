#include "compile/depfile.hpp"

#include <cstdint>

#include "base/files.hpp"

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

std::vector<std::filesystem::path> read_depfile(const std::filesystem::path& file,
                                                const std::filesystem::path& directory) {
  constexpr std::uint64_t kMaxBytes = 16ULL << 20U;
  std::vector<std::filesystem::path> paths;
  for (const auto& name : parse_depfile(base::read_file(file, kMaxBytes))) {
    paths.push_back(directory / name);
  }
  return paths;
}

}  // namespace wasmctl::compile
