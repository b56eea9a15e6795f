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
  const auto state = compile::load_state(file);
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
  CHECK(compile::load_state(file).steps.empty());
  for (const char* text :
       {"", "{", "[]", R"({"steps": 3})", R"({"steps": {"a": {"command": 1}}})"}) {
    CAPTURE(text);
    base::write_file(file, text);
    CHECK(compile::load_state(file).steps.empty());
  }
}
