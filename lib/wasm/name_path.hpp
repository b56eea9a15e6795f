// Whose code a function is: package, crate, namespace.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::wasm {

// The groups of a function from the outermost on, and its name in them last, from its readable name
// as its language spells it:
//     a::b<c::d>::f(e::g)                 a, b<c::d>, f(e::g)               C++, Rust
//     std::pair<a::B, a::C>& a::B::f<d>() a, B, f<d>()                      a return type is no
//     group <a::B as c::D>::f                   a, <a::B as c::D>, f              Rust
//     net/http.(*Server).Serve            net/http, (*Server).Serve         Go
//     github.com_a_b.__Server_.Serve      github.com_a_b, __Server_.Serve   Go, as its linker
//     writes it
//     (*net/http.Server).Serve            net/http, (*Server).Serve         TinyGo
//     assembly/index/f                    assembly/index, f                 AssemblyScript
std::vector<std::string> name_path(std::string_view name);

}  // namespace wasmctl::wasm
