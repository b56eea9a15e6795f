#include "host/suite/verdict.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "host/suite/match.hpp"

namespace wasmctl::host {

namespace {

std::vector<std::string> lines_of(const Pairs& headers) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : headers) lines.push_back(fmt::format("{}: {}", name, value));
  return lines;
}

bool lets_go(HeadersStatus status) {
  return status == HeadersStatus::proceed || status == HeadersStatus::proceed_and_end_stream;
}

// What is kept for later in such a phase is no failure.
bool is_of_bytes(Phase phase) {
  return phase == Phase::request_body || phase == Phase::response_body ||
         phase == Phase::downstream_data || phase == Phase::upstream_data;
}

}  // namespace

void Verdict::fail(std::string what, std::optional<yaml::Mark> mark,
                   std::vector<std::string> expected, std::vector<std::string> actual) {
  failures_.push_back({phase_, std::move(what), mark, std::move(expected), std::move(actual)});
}

void Verdict::check(std::string_view field, const StringMatcher& matcher,
                    const std::vector<std::string>& texts) {
  try {
    if (matches(suite_, matcher, texts)) return;
  } catch (const Error& error) {
    return fail(fmt::format("{}: {}", field, error.message()), matcher.mark, {}, {});
  }
  fail(fmt::format("{}: {}", field, describe(matcher)), matcher.mark,
       matcher.exact && !matcher.invert ? std::vector{*matcher.exact} : std::vector<std::string>{},
       texts);
}

bool Verdict::check_headers(const Expectation& expected, const Pairs& headers) {
  const HeaderMap joined(HeaderForm::joined, headers);
  for (const auto& [key, value, mark] : expected.has_header) {
    if (key.empty()) {
      fail("has_header: says no key", mark, {}, {});
      return false;
    }
    const auto found = joined.get(key);
    if (found == value) continue;
    fail(fmt::format("has_header `{}`", key), mark, {value},
         found ? std::vector{std::string(*found)} : std::vector<std::string>{});
  }
  for (const auto& [key, value, mark] : expected.no_header) {
    if (key.empty()) {
      fail("no_header: says no key", mark, {}, {});
      return false;
    }
    if (const auto found = joined.get(key))
      fail(fmt::format("no_header `{}`", key), mark, {}, {std::string(*found)});
  }
  for (const auto& matcher : expected.headers) check("headers", matcher, lines_of(headers));
  return true;
}

void Verdict::check_body(const Expectation& expected, const std::string& body) {
  for (const auto& matcher : expected.body) check("body", matcher, {body});
}

void Verdict::check_log(const Expectation& expected, const std::vector<std::string>& messages) {
  for (const auto& matcher : expected.log) check("log", matcher, messages);
}

void Verdict::check_outcome(const Invocation& invocation, const PhaseResult& result) {
  const auto& expected = invocation.result;
  const bool answered = result.local.status != 0;
  const bool proceeds = lets_go(result.status);
  const auto came = result.close ? fmt::format("close {}", to_string(*result.close))
                    : answered   ? fmt::format("response {}", result.local.status)
                                 : std::string(to_string(result.status));
  if (expected.close) {
    if (expected.close != result.close)
      fail("close", expected.mark, {std::string(to_string(*expected.close))}, {came});
    return;
  }
  if (const auto action = expected.action) {
    const auto wanted = *action == Action::proceed ? "continue" : "pause";
    const auto got = answered || result.close ? came : proceeds ? "continue" : "pause";
    if (wanted != got) fail("action", expected.mark, {wanted}, {got});
    return;
  }
  if (expected.immediate) return check_immediate(invocation, result, came);
  if (is_of_bytes(phase_) && !answered && !result.close) return;  // it may be kept for later
  if (!proceeds || answered || result.close)
    fail("the stream does not continue", invocation.mark, {"Continue"}, {came});
}

void Verdict::check_immediate(const Invocation& invocation, const PhaseResult& result,
                              const std::string& came) {
  const auto& immediate = *invocation.result.immediate;
  const auto mark = invocation.result.mark;
  if (lets_go(result.status) || result.local.status == 0)
    fail("immediate", mark, {"a response"}, {came});
  const auto check_number = [&](std::string_view name, const auto& wanted, std::uint32_t got) {
    if (!wanted || static_cast<std::uint32_t>(*wanted) == got) return;
    fail(fmt::format("immediate: {}", name), mark, {std::to_string(*wanted)},
         {std::to_string(got)});
  };
  check_number("http_status", immediate.http_status, result.local.status);
  check_number("grpc_status", immediate.grpc_status, result.local.grpc_status);
  if (immediate.details) check("immediate: details", *immediate.details, {result.local.details});
}

void Verdict::check_calls(std::string_view field, std::string_view cluster,
                          const std::optional<std::uint64_t>& expected, yaml::Mark mark,
                          std::uint64_t actual) {
  if (!expected || *expected == actual) return;
  fail(fmt::format("{} `{}`: calls", field, cluster), mark, {std::to_string(*expected)},
       {std::to_string(actual)});
}

void Verdict::check_metric(const MetricExpectation& expected, std::optional<std::uint64_t> actual) {
  if (actual == expected.value) return;
  fail(fmt::format("metric `{}`", expected.name), expected.mark, {std::to_string(expected.value)},
       actual ? std::vector{std::to_string(*actual)} : std::vector<std::string>{});
}

}  // namespace wasmctl::host
