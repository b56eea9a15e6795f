// The user's kubectl, with its context and its rights: all that is known of a cluster comes by it.
// What it prints is of others, and bounded in time and size.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace wasmctl::base {
class StopSignals;
}

namespace wasmctl::cluster {

enum class Outcome : std::uint8_t {
  ok,
  forbidden,  // the user lacks the right
  absent,     // no such object, or no such kind
  failed,
  late,  // it did not end in time, or wrote too much
};

struct Answer {
  Outcome outcome = Outcome::failed;
  std::string out;  // its standard output
  std::string why;  // unless ok: the last line that it said

  bool is_ok() const { return outcome == Outcome::ok; }
};

using Arguments = std::vector<std::string>;

// A question, and an answer that is not ok.
struct Refusal {
  Arguments question;
  Answer answer;
};

class Kubectl {
 public:
  // `program` is a path; `flags` come before all arguments: `--context NAME`.
  Kubectl(std::string program, Arguments flags)
      : program_(std::move(program)), flags_(std::move(flags)) {}

  // The whole command line, to be run.
  Arguments command(const Arguments& arguments) const;
  // The same to be shown, for a shell.
  std::string shown(const Arguments& arguments) const;

  Answer ask(const Arguments& arguments) const;
  // Several at a time; in the order of `questions`. Once `stop` came no more is asked: of those
  // the answer is late.
  std::vector<Answer> ask_all(std::span<const Arguments> questions,
                              const base::StopSignals* stop = nullptr) const;

 private:
  std::string program_;
  Arguments flags_;
};

}  // namespace wasmctl::cluster
