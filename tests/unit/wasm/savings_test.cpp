#include "wasm/savings.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/wasm/assemble.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)

namespace {

struct NamedFunction {
  std::string name;
  std::size_t bytes;  // of its body, about
};

std::string module_of(const std::vector<NamedFunction>& functions, const std::string& more = "") {
  std::vector<std::string> types;
  std::vector<std::string> bodies;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    types.push_back(leb(0));
    bodies.push_back(name('\0' + std::string(functions[i].bytes, '\1') + '\x0b'));  // nops
    names.push_back(leb(static_cast<std::uint32_t>(i)) + name(functions[i].name));
  }
  return header() + section(1, vec({func_type(":")})) + section(3, vec(types)) +
         section(10, vec(bodies)) + custom("name", "\1" + name(vec(names))) + more;
}

// "WHAT BYTES: REMEDY", a line each; bytes in whole KiB.
std::string said_of(const std::string& bytes) {
  const auto module = wasm::read_module(bytes, "m.wasm");
  std::string said;
  for (const auto& saving : wasm::savings(module, wasm::Symbols(module))) {
    said += fmt::format("{} {}: {}\n", saving.what, saving.bytes / 1024, saving.remedy);
  }
  return said;
}

}  // namespace

TEST_CASE("what makes a module larger, with its remedy") {
  struct Case {
    std::vector<NamedFunction> functions;
    std::string want;
  };
  const Case cases[] = {
      {{{"dlmalloc::dlmalloc::Dlmalloc<A>::malloc", 3000}, {"dlmalloc::sys::alloc", 200}},
       "dlmalloc 3: Rust's own allocator: `#[global_allocator]` names a smaller one\n"},
      {{{"dlmalloc", 2000}, {"dlfree", 1200}, {"dlmalloc_of_mine", 5000}},
       "dlmalloc 3: wasi-libc's allocator: the SDK of `wasmctl build` has a smaller one\n"},
      {{{"regex_automata::dfa::build", 4096}, {"aho_corasick::new", 4096}},
       "regular expressions 8: `regex-lite` is a small part of `regex`\n"},
      {{{"gimli::read::parse", 2048}, {"addr2line::find", 2048}},
       "back-traces of Rust's std 4: a std that is built with `panic_immediate_abort` has none\n"},
      {{{"std::__2::basic_ostream<char>::put(char)", 2048}, {"std::__2::locale::locale()", 2048}},
       "streams and locales 4: std::to_string and std::string do without <iostream> and "
       "<sstream>\n"},
      {{{"google::protobuf::Message::parse()", 3072}},
       "protobuf 3: `optimize_for = LITE_RUNTIME`, or messages without the library, as the SDK "
       "has them\n"},
      {{{"absl::lts_20240722::StrCat(absl::lts_20240722::AlphaNum const&)", 2048},
        {"absl::Status::~Status()", 1024},
        {"re2::Prog::Optimize()", 2048},
        {"mine::f(absl::Status)", 5000},
        {"absl_of_mine", 5000}},
       "Abseil 3: std::to_string and `+` stand in for StrCat, std::unordered_map for "
       "flat_hash_map, an enum for Status\n"
       "RE2 2: find and substr of std::string_view, where the pattern is simple; <regex> is two "
       "thirds as large\n"},
      {{{"fmt.Fprintf", 2048}, {"reflect.Value.Call", 2048}},
       "fmt and reflect 4: strconv and `+` do without them\n"},
      // The largest first; what is small, or a hundredth of it all, is not worth a word.
      {{{"regex::new", 2048}, {"dlmalloc::x", 4096}},
       "dlmalloc 4: Rust's own allocator: `#[global_allocator]` names a smaller one\n"
       "regular expressions 2: `regex-lite` is a small part of `regex`\n"},
      {{{"regex::new", 1000}}, ""},
      {{{"regex::new", 2048}, {"mine::all", 300'000}}, ""},
      {{{"mine::fmt", 5000}, {"regexes::x", 5000}}, ""},
  };
  for (const auto& [functions, want] : cases) {
    CAPTURE(functions.front().name);
    CHECK(said_of(module_of(functions)) == want);
  }
}

TEST_CASE("names and debug information go in the way of who made them") {
  const std::string long_name(2000, 'a');
  const auto with = [&](const std::string& more) {
    return said_of(module_of({{long_name, 10}}, more));
  };
  const auto producers = [](const std::string& language) {
    return custom("producers", vec({name("language") + vec({name(language) + name("1")})}));
  };
  CHECK(with("") ==
        "names of functions 1: `--strip-all` of the linker drops them; keep a copy for `wasmctl "
        "symbolize`\n");
  CHECK(with(custom("producers",
                    vec({name("processed-by") + vec({name("rustc") + name("1.95")})}))) ==
        "names of functions 1: `strip = true` in Cargo's profile drops them; keep a copy for "
        "`wasmctl symbolize`\n");
  CHECK(with(custom("go:buildid", "x")) ==
        "names of functions 1: `-ldflags=-s` drops them; keep a copy for `wasmctl symbolize`\n");
  CHECK(with(producers("C") + custom(".debug_info", std::string(3000, '\0')) +
             custom(".debug_str", std::string(100, '\0'))) ==
        "debug information 3: `wasmctl lint --fix` drops it; keep a copy for `wasmctl "
        "symbolize`\n"
        "names of functions 1: `--strip-all` of the linker drops them; keep a copy for `wasmctl "
        "symbolize`\n");
}
