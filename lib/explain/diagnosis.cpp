#include "explain/diagnosis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace wasmctl::explain {

namespace {

constexpr std::size_t kMostFound = 500;   // different causes; a log made to have more is cut
constexpr std::size_t kMostEvidence = 5;  // lines that are kept of each
constexpr std::size_t kMostFrames = 100;
constexpr double kBurstSeconds = 5;
constexpr std::size_t kBurstLines = 50;  // where no line has a time
constexpr double kSoonSeconds = 60;      // a refusal is told of by others

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
  const auto& cause = *burst.head.sight;
  // Several imports are missing at once, each in a line of its own.
  if (sighting.sight->step == 0) {
    return burst.step == 0 && cause.code == sighting.sight->code &&
           cause.producer == Producer::envoy;
  }
  return sighting.sight->step > burst.step && (cause.leads & sighting.sight->follows) != 0 &&
         may_be_one_plugin(burst.plugin, plugin_of(sighting));
}

// The burst is about this plugin. If the same was seen of another before, it is a finding of its
// own.
void Diagnosis::name_plugin(Burst& burst, const std::string& plugin) {
  if (plugin.empty() || !burst.plugin.empty()) return;
  burst.plugin = plugin;
  auto& found = found_[burst.cause];
  if (found.plugin.empty() || found.plugin == plugin) {
    found.plugin = plugin;
    return;
  }
  if (!burst.is_repeated) return;
  --found.explanation.count;
  auto& evidence = found.explanation.evidence;
  std::erase_if(evidence, [&](const Evidence& e) {
    return e.line == burst.head.evidence.line && e.file == burst.head.evidence.file;
  });
  burst.cause = find_or_add(burst.head, plugin);
}

bool Diagnosis::fold(Burst& burst, const Sighting& sighting) {
  if (!continues(burst, sighting)) return false;
  name_plugin(burst, plugin_of(sighting));
  auto& explanation = found_[burst.cause].explanation;
  if (sighting.sight->step == 0) {
    ++explanation.count;
    keep(explanation.evidence, sighting.evidence);
  } else {
    ++explanation.follower_count;
    keep(explanation.followers, sighting.evidence);
  }
  burst.step = sighting.sight->step;
  burst.line = sighting.evidence.line;
  return true;
}

// The index of what was seen, which may be known already, of this plugin or of one not told yet.
std::size_t Diagnosis::find_or_add(const Sighting& sighting, std::string_view plugin) {
  auto key = key_of(sighting);
  if (!plugin.empty()) key.append("\nof ").append(plugin);
  auto said = take_said(sighting);
  if (const auto known = index_.find(key); known != index_.end()) {
    auto& found = found_[known->second];
    ++found.explanation.count;
    keep(found.explanation.evidence, sighting.evidence);
    return known->second;
  }
  if (found_.size() == kMostFound) return kMostFound - 1;
  Found found;
  found.plugin = plugin.empty() ? plugin_of(sighting) : std::string(plugin);
  found.explanation.sight = sighting.sight;
  found.explanation.said = std::move(said.text);
  found.speaker = std::move(said.plugin);
  found.explanation.evidence.push_back(sighting.evidence);
  found.first = sighting;
  index_.emplace(std::move(key), found_.size());
  found_.push_back(std::move(found));
  return found_.size() - 1;
}

// What the plugin logged just before, which is of no other cause then.
Diagnosis::OwnLine Diagnosis::take_said(const Sighting& sighting) {
  auto own = std::exchange(own_, {});
  if (!may_have_been_said(*sighting.sight) || own.text.empty()) return {};
  const bool is_one_thread =
      own.thread == sighting.thread || own.thread.empty() || sighting.thread.empty();
  const bool is_near = own.seconds && sighting.seconds
                           ? std::abs(*sighting.seconds - *own.seconds) <= kBurstSeconds
                           : sighting.evidence.line - own.line <= 3;
  if (!is_one_thread || !is_near) return {};
  return own;
}

void Diagnosis::add_sign(Sighting sighting) {
  const auto said = sighting.captures.find("said");
  if (said != sighting.captures.end()) {
    // Only an error's line is taken for its own: others may be of a neighbour on the thread.
    own_ = {sighting.thread, sighting.seconds, sighting.evidence.line, said->second,
            sighting.is_complaint ? plugin_of(sighting) : std::string()};
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
    find_or_add(sighting, {});
    return;
  }
  // What is in a document has no order in time.
  if (sighting.is_document) {
    last_ = find_or_add(sighting, {});
    return;
  }
  // V8's own lines, the agent's, and those before a back-trace tell no thread: what comes next goes
  // with them, too.
  for (const std::string_view thread : {std::string_view(sighting.thread), std::string_view()}) {
    const auto burst = bursts_.find(thread);
    if (burst == bursts_.end() || !fold(burst->second, sighting)) continue;
    last_ = burst->second.cause;
    return;
  }
  if (bursts_.size() > kMostFound) bursts_.clear();
  Burst burst;
  const auto before = found_.size();
  burst.cause = find_or_add(sighting, {});
  burst.step = sighting.sight->step;
  burst.seconds = sighting.seconds;
  burst.line = sighting.evidence.line;
  burst.plugin = plugin_of(sighting);
  burst.is_repeated = found_.size() == before;
  burst.head = std::move(sighting);
  last_ = burst.cause;
  auto thread = burst.head.thread;
  bursts_.insert_or_assign(std::move(thread), std::move(burst));
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

// Whether what was found is a consequence of this cause: of the same plugin, or soon after it; what
// a dead VM and a missing module lead to goes on for hours. Other inputs have no order.
bool Diagnosis::takes(const Found& cause, const Found& found) const {
  const auto& sight = *cause.explanation.sight;
  if (&cause == &found || cause.folded || !is_broken(sight)) return false;
  // A VM that died in a request has nothing to do with a module that is refused.
  const auto leads = (sight.leads & kDead) != 0 ? static_cast<std::uint8_t>(kDead) : sight.leads;
  if ((leads & found.explanation.sight->follows) == 0) return false;
  if (!cause.plugin.empty() && !found.plugin.empty()) return cause.plugin == found.plugin;
  const auto& first = cause.first;
  const auto& other = found.first;
  if (first.evidence.file != other.evidence.file) return true;
  if (first.is_document || other.is_document) return false;
  const bool is_soon = first.seconds && other.seconds
                           ? std::abs(*other.seconds - *first.seconds) <= kSoonSeconds
                           : other.evidence.line <= first.evidence.line + kBurstLines;
  const auto shared = leads & found.explanation.sight->follows;
  // A request is logged before or after what stopped its plugin.
  if (first.evidence.line > other.evidence.line) return (shared & kDead) != 0 && is_soon;
  return (shared & (kDead | kNotFetched)) != 0 || is_soon;
}

// What follows from a cause that is known goes to it: to a true cause first, else to the earliest
// of the consequences with the same reason.
void Diagnosis::fold_consequences() {
  const auto is_root = [](const Found& found) {
    return found.explanation.sight->role < Role::consequence;
  };
  const bool has_one_root = std::ranges::count_if(found_, is_root) == 1;
  for (auto& found : found_) {
    const auto& sight = *found.explanation.sight;
    if (sight.follows == kNowhere) continue;
    auto into = std::ranges::find_if(
        found_, [&](const Found& cause) { return is_root(cause) && takes(cause, found); });
    if (into == found_.end() && sight.role == Role::consequence) {
      into = std::ranges::find_if(
          found_, [&](const Found& cause) { return &cause < &found && takes(cause, found); });
    }
    if (into == found_.end()) continue;
    auto& cause = into->explanation;
    cause.follower_count += found.explanation.count + found.explanation.follower_count;
    for (auto* list : {&found.explanation.evidence, &found.explanation.followers}) {
      for (auto& evidence : *list) keep(cause.followers, std::move(evidence));
    }
    if (into->plugin.empty() && has_one_root) into->plugin = found.plugin;
    if (cause.effect.empty()) cause.effect = sight.effect;
    found.folded = true;
  }
}

void Diagnosis::complete(Found& found) const {
  auto& explanation = found.explanation;
  const auto& sight = *explanation.sight;
  if (found.plugin.empty()) found.plugin = found.speaker;
  if (!found.plugin.empty()) found.first.captures["plugin"] = found.plugin;
  explanation.plugin = found.plugin;
  explanation.cause = filled(sight.cause, found.first);
  explanation.remedy = filled(sight.remedy, found.first);
  if (!sight.effect.empty()) explanation.effect = sight.effect;
  add_editions(sight, explanation);
  for (const auto* const other : found.first.also) {
    if (explanation.effect.empty() && (other->leads & ~sight.leads) == 0) {
      explanation.effect = other->effect;
    }
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
  // What has a reason comes before what only hints at one.
  for (const bool is_reason : {true, false}) {
    for (auto& found : found_) {
      const auto& sight = *found.explanation.sight;
      if (found.folded || (sight.role < Role::consequence) != is_reason) continue;
      complete(found);
      auto& list = is_broken(sight) ? report.causes : report.remarks;
      list.push_back(std::move(found.explanation));
    }
  }
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
