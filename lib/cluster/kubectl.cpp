#include "cluster/kubectl.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/process.hpp"
#include "base/stop_signals.hpp"
#include "base/text.hpp"

namespace wasmctl::cluster {

namespace {

constexpr std::chrono::seconds kTimeLimit{30};
constexpr std::size_t kMaxAnswerBytes = 256U << 20U;
// A kubectl takes 40 MB and mostly waits.
constexpr std::size_t kQuestionsAtOnce = 12;

// What kubectl says last, but for its word on how a command in a container ended.
std::string last_line(std::string_view text) {
  constexpr std::string_view kEnded = "command terminated with ";
  constexpr std::size_t kMost = 400;
  std::string_view last;
  while (!text.empty()) {
    const auto line = base::trimmed(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (!line.empty() && (last.empty() || !line.starts_with(kEnded))) last = line;
  }
  return std::string(last.substr(0, kMost));
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(parts,
                             [&](auto part) { return text.find(part) != std::string_view::npos; });
}

// Source: kubectl, pkg/cmd/util/helpers.go; apimachinery, pkg/api/errors.
Outcome outcome_of(const base::Finished& finished) {
  if (finished.status == 0) return Outcome::ok;
  if (has_any(finished.err, {"(Forbidden)", " is forbidden: ", "forbidden: User "})) {
    return Outcome::forbidden;
  }
  if (has_any(finished.err, {"(NotFound)", "doesn't have a resource type"})) return Outcome::absent;
  return Outcome::failed;
}

}  // namespace

Arguments Kubectl::command(const Arguments& arguments) const {
  Arguments argv = {program_};
  argv.insert(argv.end(), flags_.begin(), flags_.end());
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

std::string Kubectl::shown(const Arguments& arguments) const {
  auto argv = command(arguments);
  argv[0] = "kubectl";
  return base::to_shell(argv);
}

Answer Kubectl::ask(const Arguments& arguments) const {
  base::Command process;
  process.argv = command(arguments);
  process.time_limit = kTimeLimit;
  process.max_output = kMaxAnswerBytes;
  process.group = base::Group::own;  // a login helper of its ends with it
  try {
    auto finished = base::run(process);
    const auto outcome = outcome_of(finished);
    return {outcome, std::move(finished.out),
            outcome == Outcome::ok ? std::string() : last_line(finished.err)};
  } catch (const Error& error) {
    if (error.code() != Code::io) throw;
    return {Outcome::late, {}, error.message()};
  }
}

std::vector<Answer> Kubectl::ask_all(std::span<const Arguments> questions,
                                     const base::StopSignals* stop) const {
  std::vector<Answer> answers(questions.size());
  base::for_each_at_once(questions.size(), kQuestionsAtOnce, [&](std::size_t i) {
    const bool is_asked = stop == nullptr || !stop->came();
    answers[i] = is_asked ? ask(questions[i]) : Answer{Outcome::late, {}, "interrupted"};
  });
  return answers;
}

}  // namespace wasmctl::cluster
