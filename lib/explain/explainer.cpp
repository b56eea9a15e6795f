#include "explain/explainer.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "explain/catalogue.hpp"
#include "explain/diagnosis.hpp"
#include "explain/document.hpp"
#include "explain/log_line.hpp"
#include "explain/pattern.hpp"
#include "explain/secrets.hpp"
#include "wasm/backtrace.hpp"
#include "yaml/read.hpp"

namespace wasmctl::explain {

namespace {

constexpr std::size_t kHeadBytes = 65536;        // by which the kind is told
constexpr std::size_t kMaxLineBytes = 65536;     // of a longer line so much is kept
constexpr std::size_t kMaxYamlBytes = 64 << 20;  // what is longer is read as lines

// What tells most, in the order in which it is worth asking.
constexpr std::string_view kTelling[] = {
    "`kubectl logs POD -c istio-proxy`, from the proxy's start on: why Envoy or the agent refused "
    "it",
    "`istioctl proxy-config ecds POD -o json`: whether the proxy has the filter, or another in its "
    "place",
    "`kubectl logs -n istio-system deploy/istiod`: whether it was pushed",
    "`kubectl describe pod POD`: whether its file is mounted",
};

// The minor number of "1.24.3"; 0 for what is none.
unsigned minor_of(std::string_view version) {
  if (!version.starts_with("1.")) return 0;
  version.remove_prefix(2);
  unsigned minor = 0;
  std::from_chars(version.data(), version.data() + version.size(), minor);
  return minor;
}

// `"a"` as `a`; a sentence that only begins or ends with a quotation stays.
std::string_view without_quotes(std::string_view text) {
  constexpr std::string_view kQuotes = "\"'`\\";
  const auto begin = text.find_first_not_of(kQuotes);
  if (begin == std::string_view::npos) return {};
  const bool ends_with_quote = kQuotes.find(text.back()) != std::string_view::npos;
  if ((begin > 0) != ends_with_quote && text.find(' ') != std::string_view::npos) return text;
  return text.substr(begin, text.find_last_not_of(kQuotes) + 1 - begin);
}

// What a text says, best first: errors are wrapped from right to left.
struct Seen {
  const Sight* sight;
  Match match;
};

bool is_better(const Seen& a, const Seen& b) {
  if (a.sight->role != b.sight->role) return a.sight->role < b.sight->role;
  if (a.match.begin != b.match.begin) return a.match.begin > b.match.begin;
  if (a.match.literal != b.match.literal) return a.match.literal > b.match.literal;
  return a.match.captures.size() > b.match.captures.size();
}

// Lists of errors have an item a line: of Go "2 errors occurred:", then "<TAB>* FIRST"..., of
// kubectl "The WasmPlugin "a" is invalid:", then "* FIRST"...
bool begins_list(std::string_view text) {
  const auto line = base::trimmed(text);
  return line.ends_with(" occurred:") || line.ends_with(" is invalid:");
}

constexpr std::string_view kPluginItem = "* cannot fetch Wasm module ";

// Whether the list so far has a plugin, and this item is another.
bool begins_plugin(std::string_view list, std::string_view item) {
  return item.starts_with(kPluginItem) && list.find(kPluginItem) != std::string_view::npos;
}

// What the agent writes behind the list is of the same message.
bool continues_list(std::string_view line) {
  return line.empty() || line.starts_with("* ") || line.starts_with(". applying ");
}

bool is_yaml_begin(std::string_view head) {
  while (!head.empty()) {
    const auto line = head.substr(0, head.find('\n'));
    head.remove_prefix(std::min(line.size() + 1, head.size()));
    if (line.empty() || line.starts_with('#') || base::trimmed(line) == "---") continue;
    return std::ranges::any_of(
        std::initializer_list<std::string_view>{
            "apiVersion:", "kind:", "items:", "metadata:", "configs:", "- apiVersion:", "- ecds"},
        [&](auto key) { return line.starts_with(key); });
  }
  return false;
}

// Whether the first line is an object by itself, as loggers write it, and none of a dump or
// resource.
class FirstObject : public DocumentSink {
 public:
  void enter(std::string_view key) override { see(key), ++depth_; }
  void leave() override { is_whole_ |= --depth_ == 0; }
  void value(std::string_view key, std::string_view /*text*/, std::size_t /*line*/) override {
    see(key);
  }
  bool is_log() const { return is_whole_ && !is_document_; }

 private:
  void see(std::string_view key) {
    if (depth_ != 1) return;
    is_document_ |= key == "configs" || key == "apiVersion" || key == "kind" || key == "items" ||
                    key == "stats" || key == "@type" || key == "ecdsFilters" ||
                    key == "ecds_filters";
  }
  int depth_ = 0;
  bool is_whole_ = false;
  bool is_document_ = false;
};

bool is_json_log(std::string_view head) {
  const auto end = head.find('\n');
  const auto line = head.substr(0, end);
  FirstObject object;
  JsonWalker walker(object);
  walker.write(line);  // not finished: what is open stays so
  return object.is_log();
}

}  // namespace

struct Explainer::State : DocumentSink {
  enum class Kind { undecided, lines, json, yaml };

  const Catalogue& known = catalogue();
  Diagnosis diagnosis;
  std::string name;
  Kind kind = Kind::undecided;
  std::string buffer;  // the head, a line that is not whole yet, or all of a YAML text
  bool cut_line = false;
  std::size_t line = 1;  // of what comes next
  std::size_t lines = 0;
  bool follows_trap = false;  // a back-trace may come
  struct List {
    LogLine from;
    std::size_t line = 0;
  };
  std::optional<List> list;  // of errors, which goes on
  std::optional<JsonWalker> walker;

  // What is open in a document, the outermost first.
  struct Level {
    std::string key;
    std::string name;
    std::string type;  // of the typed_config in it
    std::string value;
    bool has_config = false;
    bool has_rules = false;
    bool proves_nothing = false;  // of a Wasm filter: that there is one says not that it serves
    std::size_t line = 0;
  };
  std::vector<Level> levels;

  // ---- any text ----

  void add(const Seen& seen, const std::vector<Seen>& all, std::string_view text, std::size_t at,
           const LogLine& from) {
    Sighting sighting;
    sighting.sight = seen.sight;
    sighting.thread = from.thread.substr(0, 32);
    sighting.seconds = from.seconds;
    sighting.is_document = kind != Kind::lines;
    sighting.is_complaint = from.level == "error" || from.level == "critical";
    sighting.evidence = {name, at, shown_around(text, seen.match.begin)};
    const auto capture = [&](const Capture& captured) {
      sighting.captures.try_emplace(std::string(captured.name),
                                    shown_around(without_quotes(base::trimmed(captured.value)), 0));
    };
    std::ranges::for_each(seen.match.captures, capture);
    for (const auto& other : all) {
      for (const auto& captured : other.match.captures) {
        if (captured.name == "plugin") capture(captured);
      }
      if (other.sight != seen.sight) sighting.also.push_back(other.sight);
    }
    diagnosis.add(std::move(sighting));
  }

  void add_version(const VersionMark& mark, const Match& match) {
    VersionRange range{mark.first, mark.last, {}};
    for (const auto& [key, value] : match.captures) {
      if (key != "version") continue;
      const auto minor = minor_of(value);
      if (minor == 0) return;
      range = {minor, minor, std::string(value.substr(0, value.find_first_not_of("0123456789.")))};
    }
    diagnosis.add_version(std::move(range));
  }

  // Whether one line of text says something.
  bool look(std::string_view raw, std::size_t at, const LogLine& from) {
    const auto hits = known.needles.all_in(raw);
    if (hits.empty()) return false;
    const auto text = masked(raw);
    std::vector<Seen> seen;
    std::string lower;
    for (const auto hit : hits) {
      const auto& [sight, mark, pattern, context] = known.rows[hit];
      auto match = pattern.match(text);
      if (!match) continue;
      if (mark != nullptr) {
        add_version(*mark, *match);
        continue;
      }
      if (!context.empty()) {
        if (lower.empty()) lower = base::lower(text);
        if (lower.find(context) == std::string::npos) continue;
      }
      seen.push_back({sight, std::move(*match)});
    }
    if (seen.empty()) return false;
    // What a plugin logs may hold the very words of an error.
    const auto own =
        std::ranges::find_if(seen, [](const Seen& s) { return s.sight->code == "W-901"; });
    if (own != seen.end()) {
      add(*own, {}, text, at, from);
      return false;
    }
    const auto& best = *std::ranges::min_element(seen, is_better);
    add(best, seen, text, at, from);
    return best.sight->role < Role::remark;
  }

  // A message of one line or several: a back-trace comes after the line that it belongs to.
  void look_at_message(const LogLine& from, std::size_t at) {
    std::string_view rest = from.text;
    while (!rest.empty()) {
      const auto part = take_logical_line(rest);
      if (follows_trap && look_at_frame(part)) continue;
      follows_trap = look(part, at, from);
    }
  }

  // A line, with the items of a list of errors that begins in it.
  static std::string take_logical_line(std::string_view& rest) {
    const auto take = [&rest] {
      const auto part = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
      return part;
    };
    std::string line(take());
    // Each plugin that could not be fetched is a message of its own.
    const bool is_list = begins_list(line) || base::trimmed(line).starts_with(kPluginItem);
    while (is_list && !rest.empty()) {
      auto next = base::trimmed(rest.substr(0, rest.find('\n')));
      if (!continues_list(next) || begins_plugin(line, next)) break;
      if (!next.empty()) line.append(" ").append(next);
      take();
    }
    return line;
  }

  bool look_at_frame(std::string_view text) {
    if (text.find("in-VM backtrace") != std::string_view::npos) return true;
    auto frame = wasm::parse_frame(text, 0);
    if (!frame) return false;
    diagnosis.add_frame(std::move(*frame));
    return true;
  }

  // ---- lines ----

  void look_at_line(std::string_view text, std::size_t hit) {
    if (text.size() > kMaxLineBytes) {
      const auto begin = hit > kMaxLineBytes / 2 ? hit - kMaxLineBytes / 2 : 0;
      text = text.substr(begin, kMaxLineBytes);
    }
    auto from = read_log_line(text);
    if (list && continue_list(from.text)) return;
    if (begins_list(from.text)) {
      list.emplace(List{std::move(from), line});
    } else {
      look_at_message(from, line);
    }
  }

  bool continue_list(std::string_view text) {
    const auto item = base::trimmed(text);
    if (begins_plugin(list->from.text, item)) {
      auto next = list->from;
      end_list();
      next.text = item;
      list.emplace(List{std::move(next), line});
      return true;
    }
    if (list->from.text.size() < kMaxLineBytes && continues_list(item)) {
      if (!item.empty()) list->from.text.append(" ").append(item);
      return true;
    }
    end_list();
    return false;
  }

  void end_list() {
    if (!list) return;
    const auto ended = std::move(*list);
    list.reset();
    look_at_message(ended.from, ended.line);
  }

  // Of whole lines.
  void scan(std::string_view block) {
    std::size_t at = 0;  // where a line begins
    const auto count_to = [&](std::size_t end) {
      const char* const stop = block.data() + end;
      for (const char* from = block.data() + at; from < stop; ++line) {
        const auto* const found = static_cast<const char*>(
            std::memchr(from, '\n', static_cast<std::size_t>(stop - from)));
        if (found == nullptr) break;
        from = found + 1;
      }
      at = end;
    };
    while (at < block.size()) {
      auto hit = follows_trap || list ? at : known.needles.find(block, at);
      if (hit == std::string_view::npos) break;
      const auto before = hit == 0 ? std::string_view::npos : block.rfind('\n', hit - 1);
      count_to(before == std::string_view::npos || before < at ? at : before + 1);
      const auto end = std::min(block.find('\n', at), block.size());
      look_at_line(block.substr(at, end - at), hit > at ? hit - at : 0);
      count_to(std::min(end + 1, block.size()));
    }
    count_to(block.size());
  }

  void write_lines(std::string_view piece) {
    if (!buffer.empty() || cut_line) {
      const auto end = piece.find('\n');
      const auto part = piece.substr(0, end == std::string_view::npos ? piece.size() : end);
      const auto room = kMaxLineBytes - std::min(kMaxLineBytes, buffer.size());
      buffer += part.substr(0, room);
      cut_line |= part.size() > room;
      if (end == std::string_view::npos) return;
      scan(std::exchange(buffer, {}) + '\n');
      cut_line = false;
      piece.remove_prefix(end + 1);
    }
    const auto last = piece.rfind('\n');
    const auto whole = last == std::string_view::npos ? 0 : last + 1;
    scan(piece.substr(0, whole));
    const auto rest = piece.substr(whole);
    buffer = rest.substr(0, kMaxLineBytes);
    cut_line = rest.size() > kMaxLineBytes;
  }

  // ---- documents ----

  void enter(std::string_view key) override {
    if (key == "rules" && !levels.empty()) levels.back().has_rules = true;
    // Code that Envoy is to fetch itself may not have come.
    if (key == "remote" && !levels.empty()) levels.back().proves_nothing = true;
    Level level;
    level.key = key.substr(0, 64);
    levels.push_back(std::move(level));
  }

  void leave() override {
    if (levels.empty()) return;
    const auto level = std::move(levels.back());
    levels.pop_back();
    if (levels.empty()) return;
    auto& outer = levels.back();
    outer.proves_nothing |= level.proves_nothing;
    if (level.key == "typed_config" || level.key == "typedConfig") {
      outer.type = level.type;
      outer.has_config = true;
      outer.has_rules = level.has_rules;
      return;
    }
    look_at_filter(level);
    // A counter of /stats?format=json, in the words of /stats.
    if (!level.name.empty() && !level.value.empty()) {
      look(level.name + ": " + level.value, level.line, {});
    }
    if (!level.type.empty()) outer.proves_nothing = false;
  }

  // A filter as Envoy has it, in the words of the table.
  void look_at_filter(const Level& level) {
    if (level.name.empty() || level.proves_nothing || is_refused()) return;
    const bool is_discovered = level.key == "ecds_filter" || level.key == "ecdsFilter";
    constexpr std::string_view kEmpty = "envoy.config.core.v3.TypedExtensionConfig";
    if (is_discovered && !level.has_config && level.type == kEmpty) {
      look("filter " + level.name + " has no configuration", level.line, {});
      return;
    }
    if (level.type.empty()) return;
    std::string text = "filter " + level.name + " is " + level.type;
    if (level.type.ends_with(".rbac.v3.RBAC")) {
      if (!is_discovered) return;  // an AuthorizationPolicy
      text += level.has_rules ? " that denies all" : " that allows all";
    }
    look(text, level.line, {});
  }

  // What was refused is in the dump, too.
  bool is_refused() const {
    return std::ranges::any_of(levels, [](const Level& level) {
      return level.key == "error_state" || level.key == "errorState";
    });
  }

  void value(std::string_view key, std::string_view text, std::size_t at) override {
    if (levels.empty()) return;
    auto& level = levels.back();
    if (key == "name") {
      level.name = text.substr(0, kMostShown);
      level.line = at;
    }
    if (key == "@type" || key == "type_url" || key == "typeUrl") {
      constexpr std::string_view kPrefix = "type.googleapis.com/";
      if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
      level.type = text.substr(0, kMostShown);
    }
    if (key == "value") level.value = text.substr(0, kMostShown);
    if (key == "kind") look("resource of kind " + std::string(text.substr(0, kMostShown)), at, {});
    if (key == "runtime" && text == "envoy.wasm.runtime.null") level.proves_nothing = true;
    LogLine from;
    if (key == "ISTIO_VERSION") {
      look("ISTIO_VERSION: " + std::string(text), at, from);
    } else if (key == "message" || key == "details" || key == "note" || key == "error" ||
               key == "reason" || key == "msg" || key == "image") {
      from.text = text;
      look_at_message(from, at);
      follows_trap = false;
    } else if (key == "name") {
      look_for_version(text);
    }
  }

  void look_for_version(std::string_view text) {
    for (const auto hit : known.needles.all_in(text)) {
      const auto& row = known.rows[hit];
      if (row.mark == nullptr) continue;
      if (const auto match = row.pattern.match(text)) add_version(*row.mark, *match);
    }
  }

  void read_yaml() {
    try {
      yaml::Reader reader(buffer, name);
      while (const auto document = reader.next()) walk(document->root, *this);
      line += static_cast<std::size_t>(std::ranges::count(buffer, '\n'));
    } catch (const Error&) {  // no YAML after all
      levels.clear();
      kind = Kind::lines;
      scan(buffer + '\n');
    }
  }

  // ---- pieces ----

  void decide() {
    const std::string_view head = buffer;
    const auto begin = head.find_first_not_of(" \t\r\n\xef\xbb\xbf");
    const char first = begin == std::string_view::npos ? '\0' : head[begin];
    const bool may_be_list = first == '[' && head.find_first_of("{[\"", begin + 1) ==
                                                 head.find_first_not_of(" \t\r\n", begin + 1);
    if ((first == '{' && !is_json_log(head.substr(begin))) || may_be_list) {
      kind = Kind::json;
      walker.emplace(*this);
    } else if (is_yaml_begin(head)) {
      kind = Kind::yaml;
      return;
    } else {
      kind = Kind::lines;
    }
    take(std::exchange(buffer, {}));
  }

  void take(std::string_view piece) {
    switch (kind) {
      case Kind::undecided:
        buffer += piece;
        if (buffer.size() >= kHeadBytes) decide();
        return;
      case Kind::lines:
        return write_lines(piece);
      case Kind::json:
        return walker->write(piece);
      case Kind::yaml:
        buffer += piece;
        if (buffer.size() <= kMaxYamlBytes) return;
        kind = Kind::lines;
        write_lines(std::exchange(buffer, {}));
    }
  }

  void end() {
    if (kind == Kind::undecided) decide();
    if (kind == Kind::lines && !buffer.empty()) write_lines("\n");
    end_list();
    if (kind == Kind::json) {
      walker->finish();
      line = walker->line();
    }
    if (kind == Kind::yaml) read_yaml();
    lines += line - 1;
  }
};

Explainer::Explainer() : state_(std::make_unique<State>()) {}
Explainer::~Explainer() = default;

void Explainer::begin(std::string name) {
  auto& state = *state_;
  state.name = std::move(name);
  state.kind = State::Kind::undecided;
  state.buffer.clear();
  state.cut_line = false;
  state.line = 1;
  state.follows_trap = false;
  state.list.reset();
  state.walker.reset();
  state.levels.clear();
  state.diagnosis.begin_input();
}

void Explainer::write(std::string_view piece) {
  state_->take(piece);
}

void Explainer::end() {
  state_->end();
}

Report Explainer::finish() {
  auto report = state_->diagnosis.finish();
  report.lines = state_->lines;
  const bool is_guess =
      !report.causes.empty() && report.causes.front().sight->confidence == Confidence::possible;
  if (report.state == explain::State::unknown || is_guess) {
    report.wanted.assign(std::begin(kTelling), std::end(kTelling));
  }
  return report;
}

}  // namespace wasmctl::explain
