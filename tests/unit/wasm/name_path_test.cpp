#include "wasm/name_path.hpp"

#include <doctest/doctest.h>

using wasmctl::wasm::name_path;

TEST_CASE("names are split at their namespaces, in every language") {
  using Path = std::vector<std::string>;
  const std::pair<const char*, Path> cases[] = {
      {"main", {"main"}},
      {"", {""}},
      {".hidden", {".hidden"}},
      // C++
      {"a::b::f(c::d)", {"a", "b", "f(c::d)"}},
      {"a::b<c::d>::f", {"a", "b<c::d>", "f"}},
      {"(anonymous namespace)::f()", {"(anonymous namespace)", "f()"}},
      {"void (anonymous namespace)::f<int>(int)", {"(anonymous namespace)", "f<int>(int)"}},
      {"void a::f<int>(b::c)", {"a", "f<int>(b::c)"}},
      {"unsigned long a::f<int>(int const*)", {"a", "f<int>(int const*)"}},
      {"std::__2::basic_string<char, x<y> >& a::B::f<int>(int)", {"a", "B", "f<int>(int)"}},
      {"decltype(auto) a::f<int>(int)", {"a", "f<int>(int)"}},
      {"a::B::operator unsigned long() const", {"a", "B", "operator unsigned long() const"}},
      {"a::B::operator<(a::B const&) const", {"a", "B", "operator<(a::B const&) const"}},
      {"a::B::operator()(c::d)", {"a", "B", "operator()(c::d)"}},
      {"bool a::operator-><int>(b::c)", {"a", "operator-><int>(b::c)"}},
      {"a::f()::{lambda(b::c)#1}::operator()(b::c) const",
       {"a", "f()::{lambda(b::c)#1}::operator()(b::c) const"}},
      {"a::operators::f()", {"a", "operators", "f()"}},
      {"non-virtual thunk to a::B::f()", {"a", "B", "f()"}},
      {"operator new(unsigned long)", {"operator new(unsigned long)"}},
      {"operator/(a::B, a::B)", {"operator/(a::B, a::B)"}},
      // Rust
      {"<a::B as c::D>::f", {"a", "<a::B as c::D>", "f"}},
      {"<&T as core::fmt::Debug>::fmt", {"core", "<&T as core::fmt::Debug>", "fmt"}},
      {"<[u8] as a::B>::f", {"a", "<[u8] as a::B>", "f"}},
      {"<a::b::C>::f::<fn() -> u8>", {"a", "b", "C", "f::<fn() -> u8>"}},
      {"<T>::f", {"T", "f"}},
      {"a::f::{closure#0}", {"a", "f", "{closure#0}"}},
      {"core::ptr::drop_in_place::<dyn a::B + c::D>",
       {"core", "ptr", "drop_in_place::<dyn a::B + c::D>"}},
      {"<a::B", {"<a::B"}},
      // Go
      {"net/http.(*Server).Serve", {"net/http", "(*Server).Serve"}},
      {"runtime.mallocgc", {"runtime", "mallocgc"}},
      {"main.main.func1", {"main", "main.func1"}},
      {"slices.Sort[a/b.C]", {"slices", "Sort[a/b.C]"}},
      {"github.com_a_b.__Jar_.Open", {"github.com_a_b", "__Jar_.Open"}},
      {"golang.org_x_text_width.Kind.String", {"golang.org_x_text_width", "Kind.String"}},
      {"gopkg.in_yaml_2ev3.f", {"gopkg.in_yaml_2ev3", "f"}},
      // TinyGo
      {"(*fmt.pp).printArg", {"fmt", "(*pp).printArg"}},
      {"(reflect.Value).Len", {"reflect", "(Value).Len"}},
      {"(*github.com/a/b.Jar).Open", {"github.com/a/b", "(*Jar).Open"}},
      {"github.com/a/b.Fill", {"github.com/a/b", "Fill"}},
      // AssemblyScript
      {"assembly/index/Root#constructor", {"assembly/index", "Root#constructor"}},
      {"~lib/rt/itcms/__new", {"~lib/rt/itcms", "__new"}},
      // What compilers add is no name.
      {"memcpy.llvm.123", {"memcpy.llvm.123"}},
      {"f.1", {"f.1"}},
      {"f.cold_1", {"f.cold_1"}},
  };
  for (const auto& [name, path] : cases) {
    CAPTURE(name);
    CHECK(name_path(name) == path);
  }
}
