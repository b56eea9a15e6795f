#include "envoy/record.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <nlohmann/json.hpp>

namespace wasmctl::envoy {

namespace {

std::optional<std::int64_t> parse_whole(std::string_view text) {
  std::int64_t number = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || at != text.data() + text.size()) return std::nullopt;
  return number;
}

// "1795741870.846680"; null for anything else.
std::optional<Time> parse_time(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos || text.size() - dot != 7) return std::nullopt;
  const auto seconds = parse_whole(text.substr(0, dot));
  const auto micros = parse_whole(text.substr(dot + 1));
  if (!seconds || !micros) return std::nullopt;
  return Time(*seconds * 1'000'000 + *micros);
}

// "[a] rest": takes the `a`.
std::optional<std::string_view> take_bracket(std::string_view& text) {
  const auto end = text.find(']');
  if (!text.starts_with('[') || end == std::string_view::npos) return std::nullopt;
  const auto inside = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  return inside;
}

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// Of absl::CEscape.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain += text[i];
      continue;
    }
    const char next = text[++i];
    if (is_octal(next) && i + 2 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2])) {
      plain += static_cast<char>((next - '0') * 64 + (text[i + 1] - '0') * 8 + text[i + 2] - '0');
      i += 2;
      continue;
    }
    constexpr std::string_view kNames = "nrt";
    constexpr std::string_view kMeant = "\n\r\t";
    const auto at = kNames.find(next);
    plain += at == std::string_view::npos ? next : kMeant[at];
  }
  return plain;
}

constexpr std::array<std::array<const char*, 2>, 9> kAccessFields = {{
    {"start", "%START_TIME(%s.%6f)%"},
    {"us", "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%"},
    {"ms", "%DURATION%"},
    {"method", "%REQ(:METHOD)%"},
    {"path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"},
    {"status", "%RESPONSE_CODE%"},
    {"flags", "%RESPONSE_FLAGS%"},
    {"details", "%RESPONSE_CODE_DETAILS%"},
    {"bytes", "%BYTES_RECEIVED%/%BYTES_SENT%"},
}};

std::string text_of(const nlohmann::json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Envoy has a number for a lone operator that gives one; null or "-" for what it does not know.
std::optional<std::int64_t> number_of(const nlohmann::json& line, const char* key) {
  const auto found = line.find(key);
  if (found == line.end() || !found->is_number()) return std::nullopt;
  return found->get<std::int64_t>();
}

}  // namespace

Record parse_record(std::string_view line) {
  auto rest = line;
  const auto time = take_bracket(rest);
  const auto thread = take_bracket(rest);
  const auto level = take_bracket(rest);
  const auto component = take_bracket(rest);
  const auto parsed = time ? parse_time(*time) : std::nullopt;
  if (!parsed || !component || !rest.starts_with(' ')) return {{}, 0, "", "", std::string(line)};
  Record record{*parsed, 0, std::string(*level), std::string(*component), ""};
  std::from_chars(thread->data(), thread->data() + thread->size(), record.thread);
  record.text = unescaped(rest.substr(1));
  if (record.text.ends_with('\n')) record.text.pop_back();
  return record;
}

std::optional<PluginLine> plugin_line(const Record& record) {
  constexpr std::string_view kBegin = "wasm log";
  if (record.component != "wasm" || !record.text.starts_with(kBegin)) return std::nullopt;
  const auto colon = record.text.find(": ");
  const auto text = std::string_view(record.text);
  if (colon == std::string::npos) return std::nullopt;
  auto prefix = text.substr(kBegin.size(), colon - kBegin.size());
  if (prefix.starts_with(' ')) prefix.remove_prefix(1);
  return PluginLine{std::string(prefix), std::string(text.substr(colon + 2))};
}

std::string access_format() {
  auto format = nlohmann::json::object();
  for (const auto& [key, value] : kAccessFields) format[key] = value;
  return format.dump();
}

std::optional<Access> parse_access(std::string_view text) {
  const auto line = nlohmann::json::parse(text, nullptr, false);
  if (!line.is_object()) return std::nullopt;
  const auto start = parse_time(text_of(line, "start"));
  if (!start) return std::nullopt;
  Access access;
  access.start = *start;
  const auto exact = number_of(line, "us");
  access.duration = Time(exact ? *exact : number_of(line, "ms").value_or(0) * 1000);
  access.method = text_of(line, "method");
  if (access.method == "-") access.method.clear();
  access.path = text_of(line, "path");
  access.status = static_cast<int>(number_of(line, "status").value_or(0));
  access.flags = text_of(line, "flags");
  if (access.flags == "-") access.flags.clear();
  access.details = text_of(line, "details");
  const auto bytes = text_of(line, "bytes");
  const auto slash = bytes.find('/');
  if (slash != std::string::npos) {
    std::from_chars(bytes.data(), bytes.data() + slash, access.received);
    std::from_chars(bytes.data() + slash + 1, bytes.data() + bytes.size(), access.sent);
  }
  return access;
}

}  // namespace wasmctl::envoy
