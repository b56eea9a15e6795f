#include "cli/output/findings.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/printable.hpp"
#include "cli/flags/choice.hpp"
#include "cli/version.hpp"

namespace wasmctl::cli {

namespace {

using nlohmann::json;
using Findings = std::vector<Finding>;

void print_text(Output out, const Findings& findings) {
  for (const auto& finding : findings) {
    out.print("{}: {}: {} [{}]\n", to_string(finding.place), to_string(finding.severity),
              finding.message, finding.rule);
    for (const auto& line : trail_lines(finding)) out.print("  {}\n", line);
    if (!finding.hint.empty()) out.print("  hint: {}\n", finding.hint);
  }
}

json to_chain(const std::vector<Frame>& trail) {
  auto chain = json::array();
  for (const auto& frame : trail) {
    chain.push_back({{"function", frame.function}, {"place", to_string(frame.place)}});
  }
  return chain;
}

std::string names_of(const Finding& finding) {
  std::string names;
  for (const auto& mention : finding.about) {
    names += names.empty() ? mention.name : ", " + mention.name;
  }
  return names;
}

json to_json(const Findings& findings) {
  auto list = json::array();
  for (const auto& finding : findings) {
    const auto* const first = finding.about.empty() ? nullptr : &finding.about[0];
    auto about = json::array();
    for (const auto& [name, trail] : finding.about) {
      about.push_back({{"name", name}, {"chain", to_chain(trail)}});
    }
    list.push_back({{"file", finding.place.file},
                    {"line", finding.place.line},
                    {"column", finding.place.column},
                    {"rule", finding.rule},
                    {"severity", to_string(finding.severity)},
                    {"message", finding.message},
                    {"hint", finding.hint},
                    {"subject", names_of(finding)},
                    {"chain", first == nullptr ? json::array() : to_chain(first->trail)},
                    {"about", std::move(about)}});
  }
  return list;
}

// RFC 3986: what may stand in a path as it is. A colon may not, in the first part of a relative
// one.
bool is_plain_in_uri(char c) {
  constexpr std::string_view kSigns = "-._~/!$&'()*+,;=@";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kSigns.find(c) != std::string_view::npos;
}

// A reference that is relative, or a file:// URI of an absolute path (3.4.3 and 3.4.4).
std::string to_uri(const std::string& path) {
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    if (is_plain_in_uri(c)) {
      uri += c;
    } else {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return uri;
}

json to_physical_location(const Place& place) {
  json physical = {{"artifactLocation", {{"uri", to_uri(place.file)}}}};
  if (place.line > 0) physical["region"]["startLine"] = place.line;
  if (place.column > 0) physical["region"]["startColumn"] = place.column;
  return physical;
}

// With whoever calls, since viewers show the message first.
std::string sarif_message(const Finding& finding) {
  auto text = finding.message;
  for (const auto& line : trail_lines(finding)) text += "; " + line;
  return finding.hint.empty() ? text : fmt::format("{} ({})", text, finding.hint);
}

// Callers whose place is known.
json to_related_locations(const Finding& finding) {
  auto list = json::array();
  for (const auto& mention : finding.about) {
    for (const auto& frame : mention.trail) {
      if (frame.place.file.empty()) continue;
      list.push_back({{"id", list.size()},
                      {"message", {{"text", "called by " + to_string(frame)}}},
                      {"physicalLocation", to_physical_location(frame.place)}});
    }
  }
  return list;
}

json to_result(const Finding& finding) {
  json location = {{"physicalLocation", to_physical_location(finding.place)}};
  json result = {{"ruleId", finding.rule},
                 {"level", to_string(finding.severity)},
                 {"message", {{"text", sarif_message(finding)}}},
                 {"locations", json::array({std::move(location)})}};
  auto related = to_related_locations(finding);
  if (!related.empty()) result["relatedLocations"] = std::move(related);
  return result;
}

// Sections 3.13 to 3.58.
json to_sarif(const std::vector<Rule>& rules, const Findings& findings) {
  auto rule_list = json::array();
  for (const auto& rule : rules) {
    rule_list.push_back({{"id", rule.name},
                         {"shortDescription", {{"text", rule.demand}}},
                         {"defaultConfiguration", {{"level", to_string(rule.severity)}}}});
  }
  auto result_list = json::array();
  for (const auto& finding : findings) result_list.push_back(to_result(finding));
  const json driver = {{"name", "wasmctl"}, {"version", kVersion}, {"rules", rule_list}};
  return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
          {"version", "2.1.0"},
          {"runs", json::array({{{"tool", {{"driver", driver}}},
                                 {"columnKind", "unicodeCodePoints"},
                                 {"results", result_list}}})}};
}

// Workflow commands are lines: `::error file=a.yaml,line=1,col=2,title=RULE::MESSAGE`.
// Source: actions/toolkit, packages/core/src/command.ts: escapeData(), escapeProperty().
std::string escape_data(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '%' || c == '\r' || c == '\n') {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string escape_property(std::string_view text) {
  std::string escaped;
  for (const char c : escape_data(text)) {
    if (c == ':' || c == ',') {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

void print_github(Output out, const Findings& findings) {
  for (const auto& finding : findings) {
    const auto command = finding.severity == Severity::note ? std::string_view("notice")
                                                            : to_string(finding.severity);
    auto properties = "file=" + escape_property(finding.place.file);
    if (finding.place.line > 0) properties += fmt::format(",line={}", finding.place.line);
    if (finding.place.column > 0) properties += fmt::format(",col={}", finding.place.column);
    // The ends of lines are ours alone.
    auto text = base::printable(finding.message);
    for (const auto& line : trail_lines(finding)) text += '\n' + base::printable(line);
    if (!finding.hint.empty()) text += "\nhint: " + base::printable(finding.hint);
    out.print("::{} {},title={}::{}\n", command, properties, escape_property(finding.rule),
              escape_data(text));
  }
}

constexpr Choice<FindingsFormat> kFormats[] = {{"text", FindingsFormat::text},
                                               {"json", FindingsFormat::json},
                                               {"sarif", FindingsFormat::sarif},
                                               {"github", FindingsFormat::github}};

FindingsFormat format_of(const Context& context, const FindingsOptions& options) {
  if (options.format) return *options.format;
  return env_or(context, "GITHUB_ACTIONS", "") == "true" ? FindingsFormat::github
                                                         : FindingsFormat::text;
}

}  // namespace

void add_findings_options(CLI::App& app, FindingsOptions& options) {
  auto* format = add_choice(app, "--format", options.format, kFormats,
                            "How the findings are shown; github: as annotations");
  const auto add_short = [&](const char* flag, FindingsFormat value) {
    return app
        .add_flag_callback(
            flag, [&options, value] { options.format = value; },
            fmt::format("The same as --format {}", word_of(kFormats, value)))
        ->excludes(format);
  };
  auto* json = add_short("--json", FindingsFormat::json);
  add_short("--sarif", FindingsFormat::sarif)->excludes(json);
}

void print_findings(Context& context, const FindingsOptions& options,
                    const std::vector<Rule>& rules, const Findings& findings) {
  switch (format_of(context, options)) {
    case FindingsFormat::text:
      return print_text(context.out, findings);
    case FindingsFormat::github:
      return print_github(context.out, findings);
    case FindingsFormat::json:
      context.out.print_json(to_json(findings));
      return;
    case FindingsFormat::sarif:
      context.out.print_json(to_sarif(rules, findings));
      return;
  }
}

void print_findings_text(Output out, const Findings& findings) {
  print_text(out, findings);
}

json findings_json(const Findings& findings) {
  return to_json(findings);
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace wasmctl::cli
