#include "cli/manual/completion.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace wasmctl;       // NOLINT(google-build-using-namespace)
using namespace wasmctl::cli;  // NOLINT(google-build-using-namespace)

namespace {

FlagWords a_flag(std::vector<std::string> names, std::string value, std::string meaning,
                 std::vector<std::string> choices = {}) {
  FlagWords flag;
  flag.names = std::move(names);
  flag.value = std::move(value);
  flag.meaning = std::move(meaning);
  flag.choices = std::move(choices);
  return flag;
}

CommandWords a_program() {
  const auto quiet = a_flag({"-q", "--quiet"}, "", "Say less");
  CommandWords push;
  push.name = "push";
  push.purpose = "Upload";
  push.arguments = {{"SOURCE", "", {}, true, false}, {"IMAGE", "", {}, false, false}};
  push.flags = {a_flag({"--format"}, "image|docker", "Which", {"image", "docker"}),
                a_flag({"-f", "--file"}, "FILE", "A file"),
                a_flag({"--build-dir"}, "DIR", "Where"),
                a_flag({"--workload"}, "KIND/NAME", "What makes the pods"),
                a_flag({"--name"}, "NAME", "Of the resource"),
                quiet};
  CommandWords check;
  check.name = "check";
  check.arguments = {{"FILE", "", {}, false, true}};
  CommandWords completion;
  completion.name = "completion";
  completion.arguments = {{"SHELL", "", {"bash", "fish"}, true, false}};
  CommandWords program;
  program.name = "wasmctl";
  program.flags = {quiet};
  program.commands = {push, check, completion};
  return program;
}

std::vector<std::string> tags(const std::string& directory) {
  return directory == "layout" ? std::vector<std::string>{"v1", "v2"} : std::vector<std::string>();
}

std::vector<std::string> workloads(const std::string& file) {
  return file == "a.yaml" ? std::vector<std::string>{"deployment/web", "deployment/x;touch${IFS}y"}
                          : std::vector<std::string>();
}

// "files: a b"
std::string completed(std::string_view line) {
  const auto completion = complete(a_program(), line, {tags, workloads});
  constexpr const char* kPaths[] = {"none:", "files:", "directories:"};
  std::string text = kPaths[static_cast<std::size_t>(completion.paths)];
  for (const auto& candidate : completion.candidates) text += ' ' + candidate.word;
  return text;
}

}  // namespace

TEST_CASE("a line that is being typed is completed") {
  const struct {
    const char* line;
    const char* want;
  } cases[] = {
      {"", "none: push check completion"},
      {"wasmctl ", "none: push check completion"},
      {"wasmctl p", "none: push"},
      {"wasmctl -q p", "none: push"},
      {"wasmctl nothing-such p", "none: push"},
      {"wasmctl --q", "none: --quiet"},
      {"wasmctl push ", "files:"},
      {"wasmctl push a.wasm ", "none:"},
      {"wasmctl push a.wasm b c ", "none:"},
      {"wasmctl push --f", "none: --format --file"},
      {"wasmctl push --format ", "none: image docker"},
      {"wasmctl push --format do", "none: docker"},
      {"wasmctl push --format=do", "none: --format=docker"},
      {"wasmctl push -f ", "files:"},
      {"wasmctl push --file=a", "files:"},
      {"wasmctl push --build-dir ", "directories:"},
      {"wasmctl push --name ", "none:"},
      {"wasmctl push --nothing=", "none:"},
      {"wasmctl push -- --f", "files:"},
      {"wasmctl push oci:layout:", "none: oci:layout:v1 oci:layout:v2"},
      {"wasmctl push a.wasm 'oci:layout:v2", "none: oci:layout:v2"},
      {"wasmctl push oci:nothing:", "none:"},
      {"wasmctl push oci:lay", "none:"},
      {"wasmctl push -f a.yaml --workload ", "none: deployment/web"},
      {"wasmctl push -f a.yaml --workload=d", "none: --workload=deployment/web"},
      {"wasmctl push --workload ", "none:"},
      {"wasmctl check a b ", "files:"},
      {"wasmctl completion ", "none: bash fish"},
      {"wasmctl 'unfinished", "none:"},
      {"wasmctl \\", "none:"},
  };
  for (const auto& [line, want] : cases) {
    CAPTURE(line);
    CHECK(completed(line) == want);
  }
}

TEST_CASE("what a flag means stands beside it, so far as there is room") {
  CommandWords program;
  program.flags = {
      a_flag({"--a"}, "", "Short"),
      a_flag({"--long"}, "",
             "One two three four five six seven eight nine ten eleven twelve thirteen")};
  const auto found = complete(program, "wasmctl -", {tags, workloads}).candidates;
  REQUIRE(found.size() == 2);
  CHECK(found[0].about == "Short");
  CHECK(found[1].about == "One two three four five six seven eight nine ten eleven ...");
}
