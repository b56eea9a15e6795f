#include "compile/state.hpp"

#include <doctest/doctest.h>

#include "base/files.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

TEST_CASE("a step is fresh while its inputs, its command and its output are as they were") {
  const base::TemporaryDirectory directory;
  const auto input = directory.path() / "a.cc";
  const auto output = directory.path() / "a.o";
  const auto file = directory.path() / "state.json";
  base::write_file(input, "source");
  base::write_file(output, "object");
  constexpr compile::FileClock kLater = 4'000'000'000'000'000'000;  // in 2096: all is older

  compile::State made;
  made.record(output, "cc -c", {input}, kLater);
  compile::save_state(file, made);
  const auto state = compile::load_state(file, compile::Directory::plugins);
  CHECK(state.is_fresh(output, "cc -c"));
  CHECK_FALSE(state.is_fresh(output, "cc -g"));
  CHECK_FALSE(state.is_fresh(input, "cc -c"));

  base::write_file(input, "source, longer");
  CHECK_FALSE(state.is_fresh(output, "cc -c"));
  base::write_file(input, "source");
  made.record(output, "cc -c", {input}, kLater);
  CHECK(made.is_fresh(output, "cc -c"));
  base::write_file(output, "half an obj");
  CHECK_FALSE(made.is_fresh(output, "cc -c"));
}

TEST_CASE("an output that came with a plugin is not taken for one of ours") {
  const base::TemporaryDirectory directory;
  const auto output = directory.path() / "a.o";
  base::write_file(output, "object");
  for (const auto whose : {compile::Directory::plugins, compile::Directory::cache}) {
    compile::State state{whose, {}, {}, {}};
    state.record(output, "cc", {}, 0);
    CHECK(state.is_fresh(output, "cc"));
    // Its content and times are as they were, as after an archive was unpacked.
    const auto time = std::filesystem::last_write_time(output);
    do {
      base::write_file(output, "evil!!");
      std::filesystem::last_write_time(output, time);
    } while (state.is_fresh(output, "cc") && whose == compile::Directory::plugins);
    CHECK(state.is_fresh(output, "cc") == (whose == compile::Directory::cache));
  }
}

TEST_CASE("an input that changed while the command ran is not taken for old") {
  const base::TemporaryDirectory directory;
  const auto input = directory.path() / "a.cc";
  base::write_file(input, "source");
  compile::State state;
  state.record(input, "cc", {input}, 0);
  CHECK_FALSE(state.is_fresh(input, "cc"));
}

TEST_CASE("a state that cannot be read means that everything is made anew") {
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "state.json";
  CHECK(compile::load_state(file, compile::Directory::plugins).steps.empty());
  for (const char* text :
       {"", "{", "[]", R"({"steps": 3})", R"({"steps": {"a": {"command": 1}}})"}) {
    CAPTURE(text);
    base::write_file(file, text);
    CHECK(compile::load_state(file, compile::Directory::plugins).steps.empty());
  }
}
