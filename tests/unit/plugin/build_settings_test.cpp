#include "plugin/build_settings.hpp"

#include <doctest/doctest.h>

using namespace wasmctl;  // NOLINT(google-build-using-namespace)
using Words = std::vector<std::string>;

TEST_CASE("a wasmctl.yaml hands the compiler only what changes the module and nothing else") {
  const std::pair<Words, const char*> cases[] = {
      {{"-Wextra", "-Wno-unused", "-Werror=return-type", "-w", "-pedantic"}, ""},
      {{"-fno-inline", "-fexceptions", "-ftemplate-depth=900", "-std=c++23", "-O2", "-Ofast"}, ""},
      {{"-msimd128", "-mno-tail-call", "-DA", "-DB=a@b", "-Iinclude", "-I", "a b"}, ""},
      {{"-isystem", "vendor", "-isystemvendor", "-include", "all.h", "-UX"}, ""},
      {{"-fplugin=./x.so"}, "-fplugin=./x.so"},
      {{"-fpass-plugin=./x.so"}, "-fpass-plugin=./x.so"},
      {{"-Wextra", "-Xclang", "-load"}, "-Xclang"},
      {{"@words"}, "@words"},
      {{"-I@words"}, "-I@words"},
      {{"-I", "@words"}, "-I"},
      {{"-D@words"}, "-D@words"},
      {{"-ftemplate-depth=@words"}, "-ftemplate-depth=@words"},
      {{"-include-pch", "x.pch"}, "-include-pch"},
      {{"-include"}, "-include"},
      {{"-o", "elsewhere"}, "-o"},
      {{"-MD"}, "-MD"},
      {{"-ftime-trace"}, "-ftime-trace"},
      {{"-save-temps"}, "-save-temps"},
      {{"-mllvm", "-x"}, "-mllvm"},
      {{"-Wp,-MD,elsewhere"}, "-Wp,-MD,elsewhere"},
      {{"-Wa,-x"}, "-Wa,-x"},
      {{"--config=x.cfg"}, "--config=x.cfg"},
      {{"-B."}, "-B."},
      {{"-isystem-after", "x"}, "-isystem-after"},
      {{"other.cc"}, "other.cc"},
      {{"-"}, "-"},
      {{}, ""},
  };
  for (const auto& [flags, want] : cases) {
    CAPTURE(want);
    CHECK(plugin::unsafe_compile_flag(flags).value_or("") == want);
  }
}

TEST_CASE("a wasmctl.yaml hands the linker only what changes the module and nothing else") {
  const std::pair<Words, const char*> cases[] = {
      {{"-lre2", "-Llib", "lib/libx.a", "x.o", "-Wl,--export=twice"}, ""},
      {{"-Wl,-z,stack-size=65536,--max-memory=1048576", "-Wl,-z,stack-size=65536"}, ""},
      {{"-Wl,-o,elsewhere"}, "-Wl,-o,elsewhere"},
      {{"-Wl,--export=a,-Map=elsewhere"}, "-Wl,--export=a,-Map=elsewhere"},
      {{"-Wl,-z,elsewhere"}, "-Wl,-z,elsewhere"},
      {{"-Wl,@words"}, "-Wl,@words"},
      {{"-Wl,--reproduce=elsewhere"}, "-Wl,--reproduce=elsewhere"},
      {{"-Wl,-mllvm,-x"}, "-Wl,-mllvm,-x"},
      {{"-Wl,--error-handling-script=./x"}, "-Wl,--error-handling-script=./x"},
      {{"@words.a"}, "@words.a"},
      {{"-fuse-ld=./x"}, "-fuse-ld=./x"},
      {{"-Xlinker", "-o"}, "-Xlinker"},
      {{"-l"}, "-l"},
  };
  for (const auto& [flags, want] : cases) {
    CAPTURE(want);
    CHECK(plugin::unsafe_link_flag(flags).value_or("") == want);
  }
}

TEST_CASE("is_define") {
  for (const char* text : {"A", "_a1", "STAGE=\"prod\"", "A=", "MIN(a,b)=(a)", "A=@x"}) {
    CAPTURE(text);
    CHECK(plugin::is_define(text));
  }
  for (const char* text : {"", "@words", "1A", "-DA", "A-B=1", "=1"}) {
    CAPTURE(text);
    CHECK_FALSE(plugin::is_define(text));
  }
}

TEST_CASE("the name of a library can be a part of a path and of a flag") {
  for (const char* text : {"abseil", "nlohmann-json", "c++", "a.b_c", "7zip"}) {
    CAPTURE(text);
    CHECK(plugin::is_library_name(text));
  }
  for (const char* text : {"", "..", "-a", "a/b", "a b", "a=b", "@a", ".a"}) {
    CAPTURE(text);
    CHECK_FALSE(plugin::is_library_name(text));
  }
}

TEST_CASE("the command line's settings come after the file's") {
  const plugin::BuildSettings file{
      {"A=1", "B", "F(x)=x"},  {"include"}, "s", "c++17", {"-Wextra"}, {"-la"},
      {{"a", "x"}, {"b", "x"}}};
  const auto both = plugin::join(
      file, {{"A=2", "F(y)=y"}, {"/other"}, "", "", {"-Wno-extra"}, {"-lb"}, {{"a", "y"}}});
  CHECK(both.defines == Words{"B", "A=2", "F(y)=y"});
  CHECK(both.includes == Words{"/other", "include"});
  CHECK(both.optimize == "s");
  CHECK(both.standard == "c++17");
  CHECK(both.compile_flags == Words{"-Wextra", "-Wno-extra"});
  CHECK(both.link_flags == Words{"-la", "-lb"});
  CHECK(both.libraries == std::vector<plugin::Library>{{"b", "x"}, {"a", "y"}});
  CHECK(plugin::join(file, {{}, {}, "2", "c++20", {}, {}, {}}).optimize == "2");
  CHECK(plugin::join(file, {{}, {}, "2", "c++20", {}, {}, {}}).standard == "c++20");
}
