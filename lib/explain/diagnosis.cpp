#include "explain/diagnosis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace wasmctl::explain {

namespace {

constexpr std::size_t kMostFound = 500;   // different causes; a log made to have more is cut
constexpr std::size_t kMostEvidence = 5;  // lines that are kept of each
constexpr std::size_t kMostFrames = 100;
constexpr double kBurstSeconds = 5;
constexpr std::size_t kBurstLines = 200;  // where no line has a time

bool is_broken(const Sight& sight) {
  return sight.role != Role::remark && sight.role != Role::sign;
}

// "default.filter" of "extensions.istio.io/wasmplugin/default.filter" and of what EnvoyFilters made
// of a plugin are called.
std::string short_name(std::string_view name) {
  constexpr std::string_view kTranslated = "~istio-translated-wasmplugin";
  if (name.ends_with(kTranslated)) name.remove_suffix(kTranslated.size());
  if (name.find("istio.io/") != std::string_view::npos) {
    const auto slash = name.rfind('/');
    name.remove_prefix(slash + 1);
  }
  return std::string(name);
}

// The text with what was captured in the place of `<name>`.
std::string filled(std::string_view text, const Sighting& sighting) {
  std::string result;
  while (!text.empty()) {
    const auto open = text.find('<');
    const auto close = open == std::string_view::npos ? open : text.find('>', open);
    if (close == std::string_view::npos) break;
    result += text.substr(0, open);
    const auto name = text.substr(open + 1, close - open - 1);
    const auto value = sighting.captures.find(name);
    if (value != sighting.captures.end()) {
      result += value->second;
    } else {
      result += name == "plugin" ? "the plugin" : "...";
    }
    text.remove_prefix(close + 1);
  }
  result += text;
  return result;
}

void keep(std::vector<Evidence>& kept, Evidence evidence) {
  if (kept.size() < kMostEvidence) kept.push_back(std::move(evidence));
}

std::string plugin_of(const Sighting& sighting) {
  const auto plugin = sighting.captures.find("plugin");
  return plugin == sighting.captures.end() ? std::string() : short_name(plugin->second);
}

// What makes two sightings the same cause: numbers that only count do not.
std::string key_of(const Sighting& sighting) {
  std::string key(sighting.sight->code);
  for (const auto& [name, value] : sighting.captures) {
    if (name != "count" && name != "proxy" && name != "attempts") {
      key += '\n' + (name == "plugin" ? short_name(value) : value);
    }
  }
  return key;
}

bool may_be_one_plugin(std::string_view a, std::string_view b) {
  return a.empty() || b.empty() || a == b;
}

// A push that went out is no proof that the plugin serves, nor is a line in which it complains.
bool serves(const Explanation& sign) {
  return sign.sight->confidence == Confidence::certain && !sign.is_complaint;
}

// A line of the plugin's own may be why it refuses to start, or stops: a panic logs its message.
bool may_have_been_said(const Sight& sight) {
  return sight.code == "W-212" || sight.code == "W-213" || (sight.leads & kDead) != 0;
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::broken:
      return "broken";
    case State::healthy:
      return "healthy";
    case State::unknown:
      return "unknown";
  }
  return {};
}

void Diagnosis::begin_input() {
  bursts_.clear();
  own_ = {};
  last_.reset();
}

bool Diagnosis::continues(const Burst& burst, const Sighting& sighting) const {
  const bool is_near = burst.seconds && sighting.seconds
                           ? std::abs(*sighting.seconds - *burst.seconds) <= kBurstSeconds
                           : sighting.evidence.line - burst.line <= kBurstLines;
  if (!is_near) return false;
  const auto& cause = *found_[burst.cause].explanation.sight;
  // Several imports are missing at once, each in a line of its own.
  if (sighting.sight->step == 0)
    return burst.step == 0 && cause.code == sighting.sight->code &&
           cause.producer == Producer::envoy;
  return sighting.sight->step > burst.step && (cause.leads & sighting.sight->follows) != 0 &&
         may_be_one_plugin(found_[burst.cause].plugin, plugin_of(sighting));
}

bool Diagnosis::fold(Burst& burst, const Sighting& sighting) {
  if (!continues(burst, sighting)) return false;
  auto& found = found_[burst.cause];
  if (sighting.sight->step == 0) {
    ++found.explanation.count;
    keep(found.explanation.evidence, sighting.evidence);
  } else {
    ++found.explanation.follower_count;
    keep(found.explanation.followers, sighting.evidence);
  }
  if (found.plugin.empty()) found.plugin = plugin_of(sighting);
  if (found.explanation.effect.empty()) found.explanation.effect = sighting.sight->effect;
  burst.step = sighting.sight->step;
  burst.line = sighting.evidence.line;
  return true;
}

std::size_t Diagnosis::find_or_add(Sighting sighting) {
  const auto key = key_of(sighting);
  if (const auto known = index_.find(key); known != index_.end()) {
    auto& found = found_[known->second];
    ++found.explanation.count;
    keep(found.explanation.evidence, std::move(sighting.evidence));
    return known->second;
  }
  if (found_.size() == kMostFound) return kMostFound - 1;
  Found found;
  found.plugin = plugin_of(sighting);
  found.explanation.sight = sighting.sight;
  found.explanation.said = said_before(sighting);
  found.explanation.evidence.push_back(sighting.evidence);
  found.first = std::move(sighting);
  index_.emplace(key, found_.size());
  found_.push_back(std::move(found));
  return found_.size() - 1;
}

std::string Diagnosis::said_before(const Sighting& sighting) const {
  if (!may_have_been_said(*sighting.sight) || own_.text.empty() || own_.thread != sighting.thread)
    return {};
  const bool is_near = own_.seconds && sighting.seconds
                           ? std::abs(*sighting.seconds - *own_.seconds) <= kBurstSeconds
                           : sighting.evidence.line - own_.line <= 3;
  return is_near ? own_.text : std::string();
}

void Diagnosis::add_sign(Sighting sighting) {
  const auto said = sighting.captures.find("said");
  if (said != sighting.captures.end()) {
    own_ = {sighting.thread, sighting.seconds, sighting.evidence.line, said->second};
  }
  const auto plugin = plugin_of(sighting);
  const auto known = std::ranges::find_if(signs_, [&](const Explanation& sign) {
    return sign.sight == sighting.sight && sign.plugin == plugin &&
           sign.is_complaint == sighting.is_complaint;
  });
  if (known != signs_.end()) {
    ++known->count;
    return;
  }
  if (signs_.size() == kMostFound) return;
  Explanation sign;
  sign.sight = sighting.sight;
  sign.plugin = plugin;
  sign.is_complaint = sighting.is_complaint;
  if (!plugin.empty()) sighting.captures["plugin"] = plugin;
  sign.cause = sign.is_complaint
                   ? filled("<plugin> runs, and logs an error of its own: <said>", sighting)
                   : filled(sighting.sight->cause, sighting);
  sign.evidence.push_back(std::move(sighting.evidence));
  signs_.push_back(std::move(sign));
}

void Diagnosis::add(Sighting sighting) {
  last_.reset();
  if (sighting.sight->role == Role::sign) return add_sign(std::move(sighting));
  if (sighting.sight->role == Role::remark) {
    find_or_add(std::move(sighting));
    return;
  }
  // V8's own lines, and the agent's, tell no thread: they go with the burst of any.
  auto burst = bursts_.find(sighting.thread);
  if (burst == bursts_.end() && !sighting.thread.empty()) burst = bursts_.find("");
  if (burst != bursts_.end() && fold(burst->second, sighting)) {
    last_ = burst->second.cause;
    return;
  }
  if (bursts_.size() > kMostFound) bursts_.clear();
  Burst begun{0, sighting.sight->step, sighting.seconds, sighting.evidence.line};
  auto thread = sighting.thread;
  begun.cause = find_or_add(std::move(sighting));
  last_ = begun.cause;
  bursts_.insert_or_assign(std::move(thread), begun);
}

void Diagnosis::add_frame(wasm::TraceFrame frame) {
  if (!last_) return;
  auto& trace = found_[*last_].explanation.trace;
  // Of several of the same kind, one trace is enough.
  if (frame.number != trace.size() || trace.size() == kMostFrames) return;
  trace.push_back(std::move(frame));
}

void Diagnosis::add_version(VersionRange version) {
  if (!version_.exact.empty()) return;
  if (!version.exact.empty() || (version_.first == 0 && version_.last == 0)) {
    version_ = std::move(version);
  }
}

// What follows from a cause that is known goes to it: to a true cause first, else to the earliest
// of the consequences with the same reason.
void Diagnosis::fold_consequences() {
  const auto takes = [](const Found& cause, const Found& found) {
    return !cause.folded && is_broken(*cause.explanation.sight) &&
           may_be_one_plugin(cause.plugin, found.plugin) &&
           (cause.explanation.sight->leads & found.explanation.sight->follows) != 0;
  };
  for (auto& found : found_) {
    if (found.explanation.sight->follows == kNowhere || !is_broken(*found.explanation.sight))
      continue;
    const auto is_root = [&](const Found& cause) {
      return &cause != &found && cause.explanation.sight->role < Role::consequence &&
             (cause.explanation.sight->follows & found.explanation.sight->leads) == 0 &&
             takes(cause, found);
    };
    auto cause = std::ranges::find_if(found_, is_root);
    if (cause == found_.end() && found.explanation.sight->role == Role::consequence) {
      cause =
          std::ranges::find_if(found_.begin(), std::next(found_.begin(), &found - found_.data()),
                               [&](const Found& earlier) { return takes(earlier, found); });
      if (cause == std::next(found_.begin(), &found - found_.data())) continue;
    }
    if (cause == found_.end()) continue;
    auto& into = cause->explanation;
    into.follower_count += found.explanation.count + found.explanation.follower_count;
    for (auto& evidence : found.explanation.evidence) keep(into.followers, std::move(evidence));
    if (cause->plugin.empty()) cause->plugin = found.plugin;
    if (into.effect.empty()) into.effect = found.explanation.effect;
    if (into.effect.empty()) into.effect = found.explanation.sight->effect;
    found.folded = true;
  }
}

void Diagnosis::complete(Found& found) const {
  auto& explanation = found.explanation;
  const auto& sight = *explanation.sight;
  if (!found.plugin.empty()) found.first.captures["plugin"] = found.plugin;
  explanation.plugin = found.plugin;
  explanation.cause = filled(sight.cause, found.first);
  explanation.remedy = filled(sight.remedy, found.first);
  if (!sight.effect.empty()) explanation.effect = sight.effect;
  add_editions(sight, explanation);
  for (const auto* const other : found.first.also) {
    if (explanation.effect.empty()) explanation.effect = other->effect;
    add_editions(*other, explanation);
  }
}

// What this version of Istio does, or each that it may be.
void Diagnosis::add_editions(const Sight& sight, Explanation& explanation) const {
  for (const auto& edition : sight.editions) {
    const bool may_be = (version_.last == 0 || version_.last >= edition.first) &&
                        (edition.last == 0 || version_.first <= edition.last);
    if (may_be) {
      explanation.editions.push_back(fmt::format("{}: {}", to_string(edition), edition.text));
    }
  }
}

std::string Diagnosis::described_version() const {
  if (!version_.exact.empty()) return version_.exact;
  if (version_.first == 0 && version_.last == 0) return {};
  return version_.last == 0 ? fmt::format("1.{} or later", version_.first)
                            : fmt::format("1.{} to 1.{}", version_.first, version_.last);
}

Report Diagnosis::finish() {
  fold_consequences();
  Report report;
  for (auto& found : found_) {
    if (found.folded) continue;
    complete(found);
    auto& list = is_broken(*found.explanation.sight) ? report.causes : report.remarks;
    list.push_back(std::move(found.explanation));
  }
  // What has a reason comes before what only hints at one.
  std::ranges::stable_partition(report.causes, [](const Explanation& explanation) {
    return explanation.sight->role < Role::consequence;
  });
  report.signs = std::move(signs_);
  report.istio = described_version();
  if (!report.causes.empty()) {
    report.state = State::broken;
  } else if (std::ranges::any_of(report.signs, serves)) {
    report.state = State::healthy;
  }
  return report;
}

}  // namespace wasmctl::explain
