// wasmctl explain: from logs, dumps, counters and events to the cause, and what to do.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/content.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/gzip.hpp"
#include "base/log.hpp"
#include "base/tar.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/known_module.hpp"
#include "cli/manifest_files.hpp"
#include "cli/output/findings.hpp"
#include "explain/explainer.hpp"
#include "explain/sight.hpp"
#include "kube/check/check.hpp"
#include "wasm/lint/lint.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

// Of an archive, unpacked: far above any `istioctl bug-report`.
constexpr std::uint64_t kMaxArchiveBytes = std::uint64_t{2} << 30U;

struct ExplainOptions {
  std::vector<std::string> arguments;
  std::vector<std::string> modules;
  std::vector<std::string> manifests;
  std::string ns = "default";
  bool json = false;
  bool list = false;
  bool markdown = false;
};

// ---- the table ----

void print_list(Output out) {
  for (const auto& sight : explain::sights()) {
    out.print("{}  {}\n", sight.code, sight.cause);
  }
}

// The page of a code.
void print_page(Output out, const explain::Sight& sight) {
  out.print("{}: {}\n\n", sight.code, sight.cause);
  out.print("seen in: {}, as\n", to_string(sight.producer));
  for (const auto& form : sight.forms) out.print("  {}\n", form.example);
  if (!sight.effect.empty()) out.print("effect: {}\n", sight.effect);
  for (const auto& edition : sight.editions) {
    out.print("{}: {}\n", to_string(edition), edition.text);
  }
  out.print("do: {}\n", sight.remedy);
  out.print("sure: {}\n", to_string(sight.confidence));
  out.print("versions: {}\n", sight.versions);
  out.print("source: {}\n", sight.source);
}

// Text of a page: what Markdown would take for a tag or the end of a cell is escaped.
std::string in_markdown(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|' || c == '<') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// An example, between backticks: nothing but the end of a cell has to be escaped.
std::string as_code(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

void print_symptoms(Output out) {
  for (const auto& symptom : explain::symptoms()) {
    out.print("\n## {}\n\n{}\n\n| it may be that | |\n|---|---|\n", symptom.seen, symptom.ask);
    // What leads only there comes before what may be seen elsewhere, too.
    for (const bool only : {true, false}) {
      for (const auto& sight : explain::sights()) {
        if (!explains(sight, symptom) || ((sight.leads & ~symptom.chain) == 0) != only) continue;
        out.print("| {} | [{}](#{}) |\n", in_markdown(sight.cause), sight.code,
                  base::lower(sight.code));
      }
    }
  }
}

// docs/explain.md, which a test compares with this.
void print_markdown(Output out) {
  out.print(
      "# My plugin does not load\n\n"
      "Hand what you have to `wasmctl explain`: a log, a config dump, counters, events, what a "
      "command printed, or all\nof them at once. It finds out what each is, and says the cause, "
      "what to do, and how sure it is. `--module` names\nthe line of your source where a plugin "
      "stopped, `-f MANIFESTS` the line of YAML that is wrong.\n\n"
      "This page is made by `wasmctl explain --list --markdown`: what leads to each thing that you "
      "may see, and then all\ncodes. `wasmctl explain CODE` prints one of them. `<name>` stands "
      "for what the line has there. What is a\nconsequence is a finding of its own only where "
      "nothing else tells why.\n");
  print_symptoms(out);
  for (const auto& sight : explain::sights()) {
    out.print("\n## {}\n\n{}.\n\n", sight.code, in_markdown(sight.cause));
    out.print("| | |\n|---|---|\n");
    out.print("| seen in | {} |\n", to_string(sight.producer));
    for (const auto& form : sight.forms) out.print("| as | `{}` |\n", as_code(form.example));
    if (!sight.effect.empty()) out.print("| effect | {} |\n", sight.effect);
    for (const auto& edition : sight.editions) {
      out.print("| {} | {} |\n", to_string(edition), edition.text);
    }
    out.print("| do | {} |\n", in_markdown(sight.remedy));
    out.print("| kind | {}, {} |\n", to_string(sight.role), to_string(sight.confidence));
    out.print("| versions | {} |\n", sight.versions);
    out.print("| source | {} |\n", sight.source);
  }
}

// ---- inputs ----

bool is_gzip(std::string_view piece) {
  return piece.starts_with("\x1f\x8b");
}

bool is_tar(std::string_view bytes) {
  return bytes.size() >= 512 && bytes.substr(257, 5) == "ustar";
}

void read_text(explain::Explainer& explainer, const std::string& name, std::string_view text) {
  explainer.begin(name);
  explainer.write(text);
  explainer.end();
}

// What gzip unpacked, or a bare tar: an archive's files, one by one, or one log.
void read_unpacked(explain::Explainer& explainer, const std::string& name,
                   std::string_view content) {
  if (!is_tar(content)) return read_text(explainer, name, content);
  base::read_tar(content, [&](const base::TarEntry& entry) {
    if (entry.type == base::TarEntry::Type::file) {
      read_text(explainer, fmt::format("{}:{}", name, entry.name), entry.bytes);
    }
    return true;
  });
}

// Hands a file on as it comes; what is packed goes to a file without a name first.
class InputReader {
 public:
  InputReader(explain::Explainer& explainer, std::string name)
      : explainer_(explainer), name_(std::move(name)) {}

  void write(std::string_view piece) {
    if (std::exchange(is_first_, false)) {
      if (is_gzip(piece)) {
        gzip_ = std::make_unique<base::GzipReader>(
            [this](std::string_view bytes) { spool_.write(bytes); }, kMaxArchiveBytes);
      } else if (is_tar(piece)) {
        is_archive_ = true;
      } else {
        explainer_.begin(name_);
      }
    }
    if (gzip_) {
      gzip_->write(piece);
    } else if (is_archive_) {
      take_archive(piece);
    } else {
      explainer_.write(piece);
    }
  }

  void finish() {
    if (is_first_) return;
    if (gzip_) gzip_->finish();
    if (gzip_ || is_archive_) {
      const auto content = spool_.finish();
      read_unpacked(explainer_, name_, content);
    } else {
      explainer_.end();
    }
  }

 private:
  void take_archive(std::string_view piece) {
    spooled_ += piece.size();
    if (spooled_ > kMaxArchiveBytes) throw base::too_long(name_, kMaxArchiveBytes);
    spool_.write(piece);
  }

  explain::Explainer& explainer_;
  std::string name_;
  bool is_first_ = true;
  bool is_archive_ = false;
  std::uint64_t spooled_ = 0;
  base::Spool spool_;
  std::unique_ptr<base::GzipReader> gzip_;
};

void read_input(explain::Explainer& explainer, const std::string& name, const fs::path& path) {
  InputReader reader(explainer, name);
  try {
    base::read_file_by_pieces(path, [&](std::string_view piece) { reader.write(piece); });
    reader.finish();
  } catch (const Error& error) {
    if (error.code() != Code::bad_input) throw;
    throw Error(Code::bad_input, fmt::format("cannot read the archive {}", name))
        .because(error.message())
        .hint("unpack it, and hand in its files: `wasmctl explain DIR`");
  }
}

std::vector<fs::path> files_below(const std::string& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::recursive_directory_iterator entries(directory, error);
  for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
    if (entries->is_regular_file()) files.push_back(entries->path());
  }
  if (error) throw Error(Code::io, fmt::format("cannot read {}: {}", directory, error.message()));
  std::ranges::sort(files);
  return files;
}

explain::Report read_all(const std::vector<std::string>& arguments) {
  explain::Explainer explainer;
  for (const auto& argument : arguments) {
    std::error_code ignored;
    if (argument == "-") {
      read_input(explainer, "stdin", "/dev/stdin");
    } else if (fs::is_directory(argument, ignored)) {
      for (const auto& file : files_below(argument)) read_input(explainer, file.native(), file);
    } else {
      read_input(explainer, argument, argument);
    }
  }
  return explainer.finish();
}

// ---- the answer ----

using Modules = std::vector<std::unique_ptr<KnownModule>>;

// The frames of a back-trace, in the words of a module's symbols where one has made it.
std::vector<std::string> describe_trace(const explain::Explanation& cause, const Modules& modules) {
  std::vector<std::string> lines;
  std::optional<std::vector<wasm::Description>> found;
  for (const auto& known : modules) {
    found = wasm::describe(cause.trace, known->module, *known->symbols);
    if (found) break;
  }
  for (std::size_t i = 0; i < cause.trace.size(); ++i) {
    const auto& frame = cause.trace[i];
    lines.push_back(found ? (*found)[i].text
                          : frame.text.substr(frame.name_begin, frame.name_end - frame.name_begin));
  }
  return lines;
}

std::string place_of(const explain::Evidence& evidence) {
  return fmt::format("{}:{}", evidence.file, evidence.line);
}

void print_evidence(Output out, std::string_view label,
                    const std::vector<explain::Evidence>& evidence, std::size_t count) {
  constexpr std::size_t kMost = 3;
  const auto shown = std::min(evidence.size(), kMost);
  for (std::size_t i = 0; i < shown; ++i) {
    out.print("  {} {}: {}\n", label, place_of(evidence[i]), evidence[i].text);
  }
  if (count > shown)
    out.print("  {} {} more like {}\n", label, count - shown, shown == 1 ? "this" : "these");
}

void print_trace(Output out, const std::vector<std::string>& trace) {
  constexpr std::size_t kMost = 8;
  for (std::size_t i = 0; i < std::min(trace.size(), kMost); ++i) out.print("  in: {}\n", trace[i]);
  if (trace.size() > kMost) out.print("  in: {} more callers\n", trace.size() - kMost);
}

void print_cause(Output out, const explain::Explanation& cause, const Modules& modules) {
  out.print("cause: {} [{}]\n", cause.cause, cause.sight->code);
  if (!cause.plugin.empty()) out.print("  plugin: {}\n", cause.plugin);
  print_evidence(out, "seen:", cause.evidence, cause.count);
  if (!cause.said.empty()) out.print("  last logged: {}\n", cause.said);
  print_trace(out, describe_trace(cause, modules));
  print_evidence(out, "then:", cause.followers, cause.follower_count);
  if (!cause.effect.empty()) out.print("  effect: {}\n", cause.effect);
  for (const auto& edition : cause.editions) out.print("  {}\n", edition);
  out.print("  do: {}\n", cause.remedy);
  out.print("  sure: {}; more: wasmctl explain {}\n", to_string(cause.sight->confidence),
            cause.sight->code);
}

void print_notes(Output out, std::string_view label,
                 const std::vector<explain::Explanation>& notes) {
  for (const auto& note : notes) {
    const auto times = note.count > 1 ? fmt::format(", {} times", note.count) : std::string();
    out.print("{}: {} ({}{}) [{}]\n", label, note.cause, place_of(note.evidence.front()), times,
              note.sight->code);
  }
}

// What lint and check know of the module and the manifests: the very line that is to blame.
std::vector<Finding> blamed(const ExplainOptions& options, const Modules& modules) {
  std::vector<Finding> findings;
  for (const auto& known : modules) {
    std::ranges::move(wasm::lint({known->module, *known->symbols, nullptr, known->path}),
                      std::back_inserter(findings));
  }
  if (!options.manifests.empty()) {
    std::ranges::move(kube::check_manifests(read_inventory(options.manifests, options.ns)),
                      std::back_inserter(findings));
  }
  std::erase_if(findings, [](const Finding& f) { return f.severity != Severity::error; });
  return findings;
}

std::string nothing_in(std::size_t lines) {
  if (lines == 0) return "the input is empty, and does not say";
  if (lines == 1) return "nothing in this line says";
  return fmt::format("nothing in these {} lines says", lines);
}

void print_report(Output out, const explain::Report& report, const Modules& modules) {
  for (const auto& cause : report.causes) print_cause(out, cause, modules);
  if (report.state == explain::State::unknown) {
    out.print("unknown: {} whether a plugin works\n", nothing_in(report.lines));
  }
  print_notes(out, report.state == explain::State::healthy ? "healthy" : "sign", report.signs);
  print_notes(out, "note", report.remarks);
  if (!report.istio.empty()) out.print("note: Istio {}, as the input says\n", report.istio);
  if (!report.wanted.empty()) out.print("these would tell more:\n");
  for (const auto& wanted : report.wanted) out.print("  {}\n", wanted);
}

nlohmann::json to_json(const std::vector<explain::Evidence>& evidence) {
  auto list = nlohmann::json::array();
  for (const auto& [file, line, text] : evidence) {
    list.push_back({{"file", file}, {"line", line}, {"text", text}});
  }
  return list;
}

nlohmann::json to_json(const explain::Explanation& cause, const Modules& modules) {
  return {{"code", cause.sight->code},
          {"cause", cause.cause},
          {"evidence", to_json(cause.evidence)},
          {"followers", to_json(cause.followers)},
          {"count", cause.count},
          {"remedy", cause.remedy},
          {"effect", cause.effect},
          {"confidence", to_string(cause.sight->confidence)},
          {"plugin", cause.plugin},
          {"said", cause.said},
          {"stack", describe_trace(cause, modules)}};
}

nlohmann::json to_json(const std::vector<explain::Explanation>& causes, const Modules& modules) {
  auto list = nlohmann::json::array();
  for (const auto& cause : causes) list.push_back(to_json(cause, modules));
  return list;
}

nlohmann::json to_json(const explain::Report& report, const Modules& modules) {
  return {{"state", to_string(report.state)},
          {"findings", to_json(report.causes, modules)},
          {"remarks", to_json(report.remarks, modules)},
          {"signs", to_json(report.signs, modules)},
          {"istio", report.istio},
          {"wanted", report.wanted}};
}

// "W-203", which no file is called.
const explain::Sight* asked_sight(const std::string& argument) {
  std::error_code ignored;
  if (argument.size() < 3 || (argument[0] != 'W' && argument[0] != 'w') || argument[1] != '-' ||
      argument.find_first_not_of("0123456789", 2) != std::string::npos ||
      fs::exists(argument, ignored)) {
    return nullptr;
  }
  const auto* const sight = explain::find_sight(argument);
  if (sight == nullptr) {
    throw Error(Code::not_found, fmt::format("there is no code {}", argument))
        .hint("`wasmctl explain --list` shows all of them");
  }
  return sight;
}

// A module that cannot be read is no reason to say nothing: it may be what is wrong.
void add_module(Modules& modules, const std::string& argument) {
  try {
    modules.push_back(load_known_module(argument));
  } catch (const Error& error) {
    if (error.code() != Code::bad_input) throw;
    base::log_warning(error.message());
  }
}

void run_explain(Context& context, ExplainOptions options) {
  if (options.list) return options.markdown ? print_markdown(context.out) : print_list(context.out);
  if (options.arguments.size() == 1) {
    if (const auto* const sight = asked_sight(options.arguments[0])) {
      return print_page(context.out, *sight);
    }
  }
  if (options.arguments.empty()) options.arguments = {"-"};
  Modules modules;
  for (const auto& module : options.modules) add_module(modules, module);
  const auto report = read_all(options.arguments);
  const auto findings = blamed(options, modules);
  if (options.json) {
    auto document = to_json(report, modules);
    document["blamed"] = findings_json(findings);
    context.out.print_json(document);
  } else {
    print_report(context.out, report, modules);
    print_findings_text(context.out, findings);
  }
  if (report.state == explain::State::broken) throw Refused{Code::bad_input};
}

}  // namespace

void add_explain(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<ExplainOptions>();
  auto* app = root.add_subcommand(
      "explain",
      "Read logs, config dumps, counters and events, and say why a plugin does not work");
  app->add_option("FILE", options->arguments,
                  "Any of them, a directory, a .tar.gz, or - (default: standard input); or a code")
      ->type_name("");
  app->add_option(
         "-m,--module", options->modules,
         "The module that the proxy runs, or its plugin's directory: names the source lines "
         "of a back-trace")
      ->type_name("MODULE")
      ->allow_extra_args(false);
  app->add_option("-f,--file", options->manifests,
                  "Manifests, or a directory of them: adds the errors that check finds")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app->add_option("-n,--namespace", options->ns, "Where objects of -f without a namespace are")
      ->type_name("NS")
      ->capture_default_str();
  app->add_flag("--json", options->json, "Print JSON");
  auto* list = app->add_flag("--list", options->list, "List the codes");
  app->add_flag("--markdown", options->markdown, "With --list: the page of the manual")
      ->needs(list);
  app->footer(
      "The kind of each FILE is found out: logs of Envoy, Istio's agent and istiod, access logs, "
      "config\n"
      "dumps, /stats, Prometheus, what `istioctl proxy-config -o json`, `kubectl describe` and\n"
      "`kubectl get -o yaml` print, the archive of `istioctl bug-report`. Secrets in them are not "
      "shown.\n"
      "Exit status 3 if something is broken, 0 if not, or if nothing tells.\n\n"
      "Examples:\n"
      "  kubectl logs deploy/web -c istio-proxy | wasmctl explain\n"
      "  istioctl proxy-config ecds deploy/web -o json | wasmctl explain - istiod.log\n"
      "  wasmctl explain W-203");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_explain(context, *options); };
  });
}

}  // namespace wasmctl::cli
