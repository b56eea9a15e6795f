#include "cluster/proxy.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_member.hpp"
#include "cluster/objects.hpp"

namespace wasmctl::cluster {

namespace {

using base::text_member;
using nlohmann::json;

constexpr std::size_t kMostOfWord = 40;  // before it, in Envoy's answer

// Where protobuf's JSON has either spelling.
const json& field(const json& message, const char* snake_case, const char* camel_case) {
  static const json kNothing;
  if (!message.is_object()) return kNothing;
  for (const auto* const key : {snake_case, camel_case}) {
    if (const auto found = message.find(key); found != message.end()) return *found;
  }
  return kNothing;
}

std::string text_field(const json& message, const char* snake_case, const char* camel_case) {
  const auto& found = field(message, snake_case, camel_case);
  return found.is_string() ? found.get<std::string>() : "";
}

void read_wasm(Filter& filter, const json& config) {
  filter.kind = Filter::Kind::wasm;
  const auto& code = field(field(config, "vm_config", "vmConfig"), "code", "code");
  filter.file = text_field(field(code, "local", "local"), "filename", "filename");
  filter.served = text_field(field(code, "remote", "remote"), "sha256", "sha256");
  filter.root_id = text_field(config, "root_id", "rootId");
  filter.policy = text_field(config, "failure_policy", "failurePolicy");
  const auto& configuration = field(config, "configuration", "configuration");
  filter.config = text_field(configuration, "value", "value");
}

Filter read_filter(const json& entry) {
  Filter filter;
  filter.updated = text_field(entry, "last_updated", "lastUpdated");
  const auto& resource = field(entry, "ecds_filter", "ecdsFilter");
  filter.resource = text_field(resource, "name", "name");
  const auto& typed = field(resource, "typed_config", "typedConfig");
  const auto type = typed.is_object() ? text_member(typed, "@type") : "";
  if (type.ends_with(".wasm.v3.Wasm")) read_wasm(filter, field(typed, "config", "config"));
  if (type.ends_with(".rbac.v3.RBAC")) {
    const bool has_rules = typed.contains("rules");
    filter.kind = has_rules ? Filter::Kind::denies : Filter::Kind::allows;
  }
  return filter;
}

// The Wasm filters of a listener, each once, wherever they are in it.
void add_listener_filters(std::vector<Filter>& filters, const json& root,
                          const std::string& updated) {
  std::vector<const json*> open = {&root};
  while (!open.empty()) {
    const auto& value = *open.back();
    open.pop_back();
    if (!value.is_structured()) continue;
    for (const auto& part : value) open.push_back(&part);
    const auto& typed = field(value, "typed_config", "typedConfig");
    if (!typed.is_object() || !text_member(typed, "@type").ends_with(".wasm.v3.Wasm")) continue;
    Filter filter;
    filter.resource = text_field(value, "name", "name");
    filter.updated = updated;
    read_wasm(filter, field(typed, "config", "config"));
    if (std::ranges::find(filters, filter.resource, &Filter::resource) == filters.end()) {
      filters.push_back(std::move(filter));
    }
  }
}

std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
  text.remove_prefix(line.size());
  return line;
}

}  // namespace

bool Filter::is_of(const std::string& name) const {
  if (!resource.ends_with(name)) return false;
  const auto before = resource.size() - name.size();
  return before == 0 || resource[before - 1] == '/';
}

std::string Filter::fetched_digest() const {
  // istio, pkg/wasm/cache.go: DIRECTORY/<hash of the name>/<checksum>.wasm
  constexpr std::string_view kSuffix = ".wasm";
  constexpr std::size_t kDigits = 64;
  if (!file.ends_with(kSuffix) || file.size() < kDigits + kSuffix.size() + 1) return {};
  const auto begin = file.size() - kSuffix.size() - kDigits;
  auto digest = file.substr(begin, kDigits);
  const bool is_hex = digest.find_first_not_of("0123456789abcdef") == std::string::npos;
  return is_hex && file[begin - 1] == '/' ? digest : "";
}

std::optional<std::vector<Filter>> read_filters(const std::string& text) {
  // Envoy's answer (404) where no filter is discovered.
  if (text.find("not found in config dump") < kMostOfWord) return std::vector<Filter>();
  const auto dump = json::parse(text, nullptr, false);
  if (!dump.is_object()) return std::nullopt;
  std::vector<Filter> filters;
  const auto configs = dump.find("configs");
  if (configs == dump.end() || !configs->is_array()) return filters;  // `{}`: there is none
  for (const auto& entry : *configs) {
    if (!entry.is_object()) continue;
    if (const auto& active = field(entry, "active_state", "activeState"); active.is_object()) {
      add_listener_filters(filters, active, text_field(active, "last_updated", "lastUpdated"));
    } else if (entry.contains("ecds_filter") || entry.contains("ecdsFilter")) {
      filters.push_back(read_filter(entry));
    }
  }
  return filters;
}

std::string log_since(std::string_view log, double since) {
  std::string kept;
  bool is_kept = false;
  while (!log.empty()) {
    const auto line = take_line(log);
    if (const auto time = read_time(line)) is_kept = *time >= since;
    if (is_kept) kept += line;
  }
  return kept;
}

std::optional<double> log_begin(std::string_view log) {
  while (!log.empty()) {
    if (const auto time = read_time(take_line(log))) return time;
  }
  return std::nullopt;
}

}  // namespace wasmctl::cluster
