#include "wasm/source_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "wasm/reader.hpp"

namespace wasmctl::wasm {

namespace {

using nlohmann::json;

// Percent-encoding, RFC 3986, 2.1; what is none stays.
std::string percent_decoded(std::string_view text) {
  const auto digit = [&](std::size_t i) -> int {
    const char c = i < text.size() ? text[i] : '\0';
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  };
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && digit(i + 1) >= 0 && digit(i + 2) >= 0) {
      result += static_cast<char>(digit(i + 1) << 4 | digit(i + 2));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

// Numbers in base 64, five bits a letter, the least first; the last bit of all is the sign.
class Vlq {
 public:
  explicit Vlq(std::string_view text) : text_(text) {}

  bool empty() const { return text_.empty(); }
  char front() const { return text_.front(); }
  void skip() { text_.remove_prefix(1); }
  bool at_field() const { return !empty() && front() != ',' && front() != ';'; }

  // Null for what is no number.
  std::optional<std::int64_t> next() {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift <= 30 && !empty(); shift += 5) {
      const auto digit = kDigits.find(front());
      if (digit == std::string_view::npos) return std::nullopt;
      skip();
      value |= (digit & 31U) << shift;
      if (digit < 32) {
        const auto size = static_cast<std::int64_t>(value >> 1U);
        return (value & 1U) != 0 ? -size : size;
      }
    }
    return std::nullopt;
  }

 private:
  std::string_view text_;
};

std::string in_root(const json& map, const std::string& source) {
  const auto root = map.find("sourceRoot");
  if (root == map.end() || !root->is_string()) return source;
  const auto& prefix = root->get_ref<const std::string&>();
  return prefix.empty() || prefix.ends_with('/') ? prefix + source : prefix + "/" + source;
}

}  // namespace

std::optional<std::string> source_mapping_url(const Module& module) {
  const auto* const section = module.find_custom_section("sourceMappingURL");
  if (section == nullptr) return std::nullopt;
  try {
    auto reader = section->reader();
    return std::string(reader.name("the URL of a source map"));
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string path_of_url(std::string_view url) {
  const auto end = url.find_first_of("?#");
  const auto path = url.substr(0, end);
  // A scheme ends with the first colon, before any slash.
  const auto colon = path.find(':');
  const bool has_scheme = colon != std::string_view::npos && colon < path.find('/');
  return has_scheme || path.starts_with("//") ? "" : percent_decoded(path);
}

std::optional<std::string> data_of_url(std::string_view url) {
  const auto comma = url.find(',');
  if (!url.starts_with("data:") || comma == std::string_view::npos) return std::nullopt;
  auto data = percent_decoded(url.substr(comma + 1));
  if (!url.substr(0, comma).ends_with(";base64")) return data;
  return base::base64_decode(data);
}

SourceMap::SourceMap(std::string_view text) {
  const auto map = json::parse(text, nullptr, false);
  if (!map.is_object()) return;
  const auto sources = map.find("sources");
  const auto mappings = map.find("mappings");
  if (sources == map.end() || !sources->is_array() || mappings == map.end() ||
      !mappings->is_string()) {
    return;
  }
  for (const auto& source : *sources) {
    sources_.push_back(source.is_string() ? in_root(map, source.get<std::string>()) : "");
  }
  read_mappings(mappings->get_ref<const std::string&>());
  if (!std::ranges::is_sorted(mappings_, {}, &Mapping::offset)) {
    std::ranges::sort(mappings_, {}, &Mapping::offset);
  }
}

// "mIAqBQ,ICbJ": each segment adds to the one before: the offset, and, where the code has a source,
// its number, its line and its column; a name may follow.
void SourceMap::read_mappings(std::string_view text) {
  std::array<std::int64_t, 5> sums{};
  Vlq numbers(text);
  while (!numbers.empty() && numbers.front() != ';') {
    std::size_t fields = 0;
    for (; numbers.at_field(); ++fields) {
      const auto number = numbers.next();
      if (!number || fields == sums.size()) return;
      sums[fields] += *number;
    }
    if (fields == 0 && !numbers.empty()) numbers.skip();
    if (fields == 0) continue;
    const auto [offset, source, line, column, name] = sums;
    const bool placed = fields >= 4 && source >= 0 && line >= 0 && line < UINT32_MAX &&
                        static_cast<std::uint64_t>(source) < sources_.size();
    if (offset < 0) return;
    mappings_.push_back({static_cast<std::uint64_t>(offset),
                         placed ? static_cast<std::uint32_t>(source) : kNoSource,
                         placed ? static_cast<std::uint32_t>(line) + 1 : 0});
  }
}

std::optional<Place> SourceMap::find(std::size_t offset, std::size_t begin) const {
  auto mapping = std::ranges::upper_bound(mappings_, offset, {}, &Mapping::offset);
  if (mapping == mappings_.begin()) return std::nullopt;
  --mapping;
  if (mapping->offset < begin || mapping->source == kNoSource) return std::nullopt;
  if (sources_[mapping->source].empty()) return std::nullopt;
  return Place{sources_[mapping->source], mapping->line};
}

}  // namespace wasmctl::wasm
