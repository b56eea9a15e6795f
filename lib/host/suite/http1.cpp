#include "host/suite/http1.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"

namespace wasmctl::host {

namespace {

[[noreturn]] void fail(std::string message) {
  throw Error(Code::bad_input, std::move(message));
}

std::string_view next_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view next_word(std::string_view& line) {
  line = base::trimmed(line);
  const auto end = std::min(line.find_first_of(" \t"), line.size());
  const auto word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

struct Line {
  std::string name;
  std::string value;
};

// A line that begins with a blank continues the one before; one without a colon has no value.
std::vector<Line> read_lines(std::string_view text) {
  std::vector<Line> lines;
  while (!text.empty()) {
    const auto line = next_line(text);
    if (line.empty()) break;
    if (is_blank(line[0]) && !lines.empty()) {
      lines.back().value.append(" ").append(base::trimmed(line));
      continue;
    }
    const auto colon = std::min(line.find(':'), line.size());
    const auto name = base::trimmed(line.substr(0, colon));
    if (name.empty()) fail(fmt::format("the header `{}` has no name", line));
    const auto value = line.substr(std::min(colon + 1, line.size()));
    lines.push_back({std::string(name), std::string(base::trimmed(value))});
  }
  return lines;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

void check_framing(const std::vector<Line>& lines) {
  std::optional<std::string_view> length;
  for (const auto& [name, value] : lines) {
    const auto key = base::lower(name);
    if (key == "content-length") {
      if (!is_number(value) || (length && *length != value))
        fail(fmt::format("content-length cannot be `{}`", value));
      length = value;
    } else if (key == "transfer-encoding") {
      const auto encoding = base::lower(value);
      if (encoding != "chunked" && encoding != "identity")
        fail(fmt::format("transfer-encoding cannot be `{}`", value));
    }
  }
}

struct Uri {
  std::string scheme;
  std::string authority;
  std::string path;
};

// "http://host:8080/a?b"; none: it is not absolute.
std::optional<Uri> absolute(std::string_view text) {
  const auto end = text.find("://");
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  Uri uri;
  uri.scheme = base::lower(text.substr(0, end));
  const auto is_scheme = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  if (!std::ranges::all_of(uri.scheme, is_scheme)) return std::nullopt;
  text.remove_prefix(end + 3);
  text = text.substr(0, text.find('#'));
  const auto path = std::min(text.find_first_of("/?"), text.size());
  auto authority = text.substr(0, path);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos)
    authority.remove_prefix(at + 1);
  if (authority.empty()) return std::nullopt;
  uri.authority = base::lower(authority);
  const std::string_view usual = uri.scheme == "http" ? ":80" : uri.scheme == "https" ? ":443" : "";
  if (!usual.empty() && uri.authority.ends_with(usual))
    uri.authority.erase(uri.authority.size() - usual.size());
  uri.path = text.substr(path);
  if (!uri.path.starts_with('/')) uri.path.insert(0, "/");
  return uri;
}

// A path that a URL would have as it stands.
bool is_path(std::string_view text) {
  if (!text.starts_with('/') || text.starts_with("//")) return false;
  if (text.find_first_of("#\\") != std::string_view::npos) return false;
  auto path = std::string(text.substr(0, text.find('?')));
  path += '/';
  return path.find("/./") == std::string::npos && path.find("/../") == std::string::npos;
}

Pairs request_line(std::string_view line, std::vector<Line>& lines) {
  auto rest = line;
  const auto method = next_word(rest);
  const auto target = next_word(rest);
  if (method.empty() || target.empty()) {
    fail(fmt::format("expected `METHOD PATH HTTP/1.1`, not `{}`", line));
  }
  Pairs pairs{{":method", std::string(method)}};
  std::string authority;
  const auto is_host = [](const Line& item) { return base::lower(item.name) == "host"; };
  if (const auto uri = absolute(target)) {
    pairs.emplace_back(":scheme", uri->scheme);
    pairs.emplace_back(":path", uri->path);
    authority = uri->authority;
  } else {
    if (!is_path(target)) fail(fmt::format("`{}` is not the path of a URI", target));
    pairs.emplace_back(":path", target);
    const auto host = std::ranges::find_if(lines, is_host);
    if (host != lines.end()) authority = host->value;
  }
  if (!authority.empty()) {
    pairs.emplace_back(":authority", authority);
    std::erase_if(lines, is_host);
  }
  return pairs;
}

Pairs status_line(std::string_view line) {
  auto rest = line;
  const auto version = next_word(rest);
  const auto status = next_word(rest);
  if (!version.starts_with("HTTP/") || !is_number(status)) {
    fail(fmt::format("expected `HTTP/1.1 STATUS`, not `{}`", line));
  }
  return {{":status", std::string(status)}};
}

}  // namespace

Pairs parse_http1(std::string_view text, MessageKind kind) {
  // Empty lines before it are none of the message's.
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  const auto first = next_line(text);
  auto lines = read_lines(text);
  check_framing(lines);
  auto pairs = kind == MessageKind::request ? request_line(first, lines) : status_line(first);
  for (const auto& [name, value] : lines) pairs.emplace_back(base::lower(name), value);
  return pairs;
}

}  // namespace wasmctl::host
