#include "cluster/log_level.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_member.hpp"
#include "base/text.hpp"

namespace wasmctl::cluster {

namespace {

constexpr std::string_view kLevels[] = {"trace", "debug",    "info", "warning",
                                        "error", "critical", "off"};

std::size_t rank_of(std::string_view level) {
  return static_cast<std::size_t>(std::ranges::find(kLevels, level) - std::begin(kLevels));
}

}  // namespace

std::optional<std::string> envoy_level(std::string_view word) {
  const auto level = base::lower(word);
  if (level == "warn") return "warning";
  if (std::ranges::find(kLevels, level) == std::end(kLevels)) return std::nullopt;
  return level;
}

std::string wanted_level(const Plugin& plugin) {
  const auto config = nlohmann::json::parse(plugin.config, nullptr, false);
  if (!config.is_object()) return "info";
  return envoy_level(base::text_member(config, "log_level")).value_or("info");
}

std::string wasm_level_of(std::string_view answer) {
  constexpr std::string_view kLogger = "wasm:";
  while (!answer.empty()) {
    const auto line = base::trimmed(answer.substr(0, answer.find('\n')));
    answer.remove_prefix(std::min(answer.find('\n'), answer.size() - 1) + 1);
    if (!line.starts_with(kLogger)) continue;
    return envoy_level(base::trimmed(line.substr(kLogger.size()))).value_or("");
  }
  return {};
}

Arguments level_question(const Pod& pod, std::string_view level) {
  return {"exec",
          pod.name,
          "-n",
          pod.ns,
          "-c",
          pod.proxy,
          "--",
          "pilot-agent",
          "request",
          "POST",
          level.empty() ? "logging" : "logging?wasm=" + std::string(level)};
}

RaisedLevel::RaisedLevel(const Kubectl& kubectl, const std::vector<const Pod*>& pods,
                         std::string level, const base::StopSignals& stop)
    : kubectl_(kubectl) {
  std::vector<Arguments> questions;
  for (const auto* const pod : pods) questions.push_back(level_question(*pod, ""));
  const auto answers = kubectl.ask_all(questions, &stop);
  std::vector<Arguments> raising;
  for (std::size_t i = 0; i < pods.size(); ++i) {
    const auto now = answers[i].is_ok() ? wasm_level_of(answers[i].out) : std::string();
    if (now.empty()) {
      ++refused_;
      if (!refusal_) refusal_ = answers[i];
      continue;
    }
    if (rank_of(now) <= rank_of(level)) continue;
    ++before_[now];
    raising.push_back(level_question(*pods[i], level));
    // Even where this one is cut off: it may have been heard.
    back_.push_back(level_question(*pods[i], now));
  }
  for (const auto& answer : kubectl.ask_all(raising, &stop)) {
    if (answer.is_ok()) continue;
    ++refused_;
    if (!refusal_) refusal_ = answer;
  }
}

std::vector<Answer> RaisedLevel::put_back() {
  auto answers = kubectl_.ask_all(std::exchange(back_, {}));
  std::erase_if(answers, [](const Answer& answer) { return answer.is_ok(); });
  return answers;
}

RaisedLevel::~RaisedLevel() {
  try {
    put_back();
  } catch (...) {  // what it says has been said
  }
}

}  // namespace wasmctl::cluster
