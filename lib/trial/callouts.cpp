#include "trial/callouts.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "host/suite/input.hpp"
#include "trial/wire.hpp"

namespace wasmctl::trial {

namespace {

envoy::Headers without_pseudo(const std::vector<host::Header>& headers) {
  envoy::Headers kept;
  for (const auto& [name, value, mark] : headers) {
    if (!name.starts_with(':')) kept.emplace_back(name, value);
  }
  return kept;
}

// A final status; null: there is none, or another text.
std::optional<int> status_of(const std::vector<host::Header>& headers) {
  const auto found = std::ranges::find(headers, ":status", &host::Header::key);
  if (found == headers.end() || found->value.size() != 3) return std::nullopt;
  int status = 0;
  const auto* const end = found->value.data() + found->value.size();
  const auto [at, error] = std::from_chars(found->value.data(), end, status);
  if (error != std::errc() || at != end || status < 200) return std::nullopt;
  return status;
}

// An answer that begins and breaks off: then Envoy's client gives the plugin nothing at all.
constexpr char kBroken[] = "HTTP/1.1 200 \r\ncontent-length: 1\r\n\r\n";

}  // namespace

bool is_of_http1(const host::Callout& given) {
  const bool has_status =
      std::ranges::find(given.header, ":status", &host::Header::key) != given.header.end();
  return !has_status || status_of(given.header).has_value();
}

Reply Callouts::answer(const std::string& cluster, const envoy::Request& request) {
  const auto fits = [](const std::string& wanted, const std::string& actual) {
    return wanted.empty() || wanted == actual;
  };
  const auto& rows = test_.http_call;
  const auto found = std::ranges::find_if(rows, [&](const host::Callout& row) {
    return fits(row.cluster, cluster) && fits(row.path, request.target);
  });
  if (found == rows.end()) return {"", true};
  const auto row = static_cast<std::size_t>(found - rows.begin());
  ++counts_[row];
  made_.push_back({row, request});
  if (found->failure == host::Failing::timeout) return {};
  if (found->failure == host::Failing::reset) return {kBroken, true};
  envoy::Response response;
  response.status = status_of(found->header).value_or(response.status);
  response.headers = without_pseudo(found->header);
  response.body = found->content;
  response.trailers = without_pseudo(found->trailer);
  return {to_bytes(response, request.method)};
}

void Callouts::check(host::Verdict& verdict) const {
  for (const auto& [row, request] : made_) {
    const auto& expected = test_.http_call[row].request;
    const auto headers = request_headers(request.method, request.target, request.headers);
    if (expected && verdict.check_headers(*expected, headers))
      verdict.check_body(*expected, request.body);
  }
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const auto& given = test_.http_call[i];
    verdict.check_calls("http_call", given.cluster, given.calls, given.mark, counts_[i]);
  }
}

}  // namespace wasmctl::trial
