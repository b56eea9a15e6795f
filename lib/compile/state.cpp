#include "compile/state.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <ctime>

#include <nlohmann/json.hpp>

#include "base/content.hpp"
#include "base/error.hpp"
#include "base/files.hpp"

namespace wasmctl::compile {

namespace {

constexpr std::uint64_t kMaxStateBytes = 16ULL << 20U;

FileClock nanoseconds(const timespec& time) {
  return FileClock{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::string fingerprint_of_output(const fs::path& file, Directory directory) {
  struct stat status = {};
  if (directory == Directory::cache || ::stat(file.c_str(), &status) != 0) return fingerprint(file);
  return fmt::format("{} {}", fingerprint(file), nanoseconds(status.st_ctim));
}

}  // namespace

FileClock file_clock_now() {
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return nanoseconds(now);
}

FileClock file_time(const fs::path& file) {
  struct stat status = {};
  return ::stat(file.c_str(), &status) == 0 ? nanoseconds(status.st_mtim) : 0;
}

std::string fingerprint(const fs::path& file) {
  struct stat status = {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return fmt::format("{} {}", status.st_size, nanoseconds(status.st_mtim));
}

bool State::is_fresh(const fs::path& output, const std::string& command) const {
  const auto found = steps.find(output.native());
  if (found == steps.end()) return false;
  const auto& step = found->second;
  if (step.command != command || !made(output)) return false;
  for (const auto& [path, recorded] : step.inputs) {
    if (fingerprint(path) != recorded) return false;
  }
  return true;
}

bool State::made(const fs::path& output) const {
  const auto found = steps.find(output.native());
  return found != steps.end() && !found->second.output.empty() &&
         found->second.output == fingerprint_of_output(output, directory);
}

void State::record(const fs::path& output, std::string command, const std::vector<fs::path>& inputs,
                   FileClock started) {
  Step step{std::move(command), {}, fingerprint_of_output(output, directory)};
  for (const auto& input : inputs) {
    const auto time = file_time(input);
    const bool known = time != 0 && time < started;
    step.inputs[input.native()] = known ? fingerprint(input) : "changed";
  }
  steps[output.native()] = std::move(step);
}

State load_state(const fs::path& file, Directory directory) {
  State state{directory, {}, {}, {}};
  try {
    const auto content = base::Content::of_regular_file(file, kMaxStateBytes);
    const auto json = nlohmann::json::parse(content.view());
    for (const auto& [output, step] : json.at("steps").items()) {
      state.steps[output] = {step.at("command"), step.at("inputs"), step.at("output")};
    }
    state.flags = json.at("flags");
    state.needs.rtti = json.at("rtti");
    state.needs.exceptions = json.at("exceptions");
    state.needs.old_names = json.at("old_names");
    return state;
  } catch (const nlohmann::json::exception&) {
    return {directory, {}, {}, {}};
  } catch (const Error&) {
    return {directory, {}, {}, {}};
  }
}

void save_state(const fs::path& file, const State& state) {
  auto steps = nlohmann::json::object();
  for (const auto& [output, step] : state.steps) {
    steps[output] = {{"command", step.command}, {"inputs", step.inputs}, {"output", step.output}};
  }
  base::replace_file(file, nlohmann::json{{"flags", state.flags},
                                          {"rtti", state.needs.rtti},
                                          {"exceptions", state.needs.exceptions},
                                          {"old_names", state.needs.old_names},
                                          {"steps", std::move(steps)}}
                               .dump());
}

}  // namespace wasmctl::compile
