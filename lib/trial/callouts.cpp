#include "trial/callouts.hpp"

#include <algorithm>
#include <charconv>

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

// The status line may say what no number is: a plugin is to see it.
std::string with_status(std::string bytes, const std::vector<host::Header>& headers) {
  const auto status = std::ranges::find(headers, ":status", &host::Header::key);
  if (status == headers.end()) return bytes;
  constexpr std::size_t kAt = 9;  // behind "HTTP/1.1 "
  return bytes.replace(kAt, 3, status->value);
}

// An answer that begins and breaks off: then Envoy's client gives the plugin nothing at all.
constexpr char kBroken[] = "HTTP/1.1 200 \r\ncontent-length: 1\r\n\r\n";

}  // namespace

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
  response.headers = without_pseudo(found->header);
  response.body = found->content;
  response.trailers = without_pseudo(found->trailer);
  return {with_status(to_bytes(response, request.method), found->header)};
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
