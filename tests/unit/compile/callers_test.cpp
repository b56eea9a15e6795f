#include "compile/callers.hpp"

#include <doctest/doctest.h>

using wasmctl::compile::find_callers;

namespace {

// Cut down from what clang-22 -g -O0 -S -emit-llvm writes.
constexpr const char* kIr = R"(
define void @tt(i32 noundef %0) #0 !dbg !10 {
  %4 = call i32 @bogus(i32 noundef %3), !dbg !14
  %5 = call i32 @foo(i32 noundef %4), !dbg !15
  %6 = call i32 @known(i32 noundef %4), !dbg !15
  ret void, !dbg !16
}
declare i32 @foo(i32 noundef) #2
declare i32 @bogus(i32 noundef) #3
declare i32 @known(i32 noundef) #4

attributes #2 = { "target-cpu"="generic" }
attributes #3 = { "wasm-import-module"="env" "wasm-import-name"="proxy_logg" }
attributes #4 = { "wasm-import-module"="env" "wasm-import-name"="proxy_log" }

!1 = !DIFile(filename: "src/b.cc", directory: ".")
!10 = distinct !DISubprogram(name: "tt", scope: !1, file: !1, line: 4, unit: !0)
!11 = distinct !DILexicalBlock(scope: !10, file: !1, line: 5, column: 3)
!14 = !DILocation(line: 5, column: 7, scope: !11)
!15 = !DILocation(line: 5, column: 3, scope: !10)
)";

}  // namespace

TEST_CASE("find_callers places the calls of an import, by its name and by its symbol") {
  const auto callers = find_callers(kIr, {"proxy_logg", "foo"});
  REQUIRE(callers.size() == 2);
  CHECK(callers[0].function == "proxy_logg");
  CHECK(callers[0].place == "src/b.cc:5:7");
  CHECK(callers[1].function == "foo");
  CHECK(callers[1].place == "src/b.cc:5:3");
  CHECK(find_callers(kIr, {"absent"}).empty());
}

TEST_CASE("find_callers places what a library's header calls where the plugin uses the header") {
  constexpr const char* ir =
      "define void @plugin() {\n"
      "  call void @emplace(), !dbg !7\n"
      "}\n"
      "define linkonce_odr void @emplace() {\n"
      "  call void @construct_at(), !dbg !8\n"
      "}\n"
      "define linkonce_odr void @construct_at() {\n"
      "  call void @construct_at(), !dbg !8\n"
      "  call void @absent(), !dbg !8\n"
      "  call void @other(), !dbg !8\n"
      "}\n"
      "define linkonce_odr void @slot() {\n"
      "  call void @virtual(), !dbg !8\n"
      "}\n"
      "declare void @absent()\n"
      "declare void @virtual()\n"
      "!1 = !DIFile(filename: \"plugin.cc\", directory: \".\")\n"
      "!2 = !DIFile(filename: \"/usr/include/c++/v1/optional\", directory: \"\")\n"
      "!3 = distinct !DISubprogram(name: \"plugin\", file: !1)\n"
      "!4 = distinct !DISubprogram(name: \"emplace\", file: !2)\n"
      "!7 = !DILocation(line: 9, column: 2, scope: !3)\n"
      "!8 = !DILocation(line: 900, column: 1, scope: !4)\n";
  const auto callers = find_callers(ir, {"absent", "virtual"});
  REQUIRE(callers.size() == 2);
  CHECK(callers[0].function == "absent");
  CHECK(callers[0].place == "plugin.cc:9:2");
  CHECK(callers[1].place == "/usr/include/c++/v1/optional:900:1");
}

TEST_CASE("find_callers survives anything") {
  const std::string ir = kIr;
  for (std::size_t size = 0; size < ir.size(); ++size) {
    CHECK(find_callers(std::string_view(ir).substr(0, size), {"proxy_logg", "foo"}).size() <= 2);
  }
}

TEST_CASE("find_callers finds the uses of a variable too") {
  constexpr const char* ir =
      "@absent = external global i32, align 4\n"
      "define void @t() {\n"
      "  %1 = load i32, ptr @absent, align 4, !dbg !3\n"
      "}\n"
      "!1 = !DIFile(filename: \"a.cc\", directory: \".\")\n"
      "!2 = distinct !DISubprogram(name: \"t\", file: !1)\n"
      "!3 = !DILocation(line: 9, column: 2, scope: !2)\n";
  const auto callers = find_callers(ir, {"absent"});
  REQUIRE(callers.size() == 1);
  CHECK(callers[0].place == "a.cc:9:2");
}
