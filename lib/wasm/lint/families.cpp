// Sources: what the toolchains import. wasm-bindgen: crates/cli-support/src/wit and the modules'
// names of its targets; Go: misc/wasm/wasm_exec.js; TinyGo: targets/wasm_exec.js; Emscripten:
// src/lib/libcore.js, libexceptions.js, and docs on -sMINIMAL_RUNTIME and -sMAIN_MODULE;
// wasi-threads; Component Model, BuildTargets.md; AssemblyScript: std/assembly/builtins.ts.
#include "wasm/lint/families.hpp"

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "wasm/hostcalls.hpp"

namespace wasmctl::wasm {

namespace {

using Words = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view word, Words words) {
  return std::ranges::find(words, word) != words.end();
}

bool starts_with(std::string_view text, Words prefixes) {
  return std::ranges::any_of(prefixes, [&](auto prefix) { return text.starts_with(prefix); });
}

bool is_bindgen(const Module& /*module*/, const Import& import) {
  return is_one_of(import.module, {"wbg", "wasm-bindgen"}) ||
         starts_with(import.module, {"__wbindgen_", "./snippets/"}) ||
         (import.module.starts_with("./") && import.module.ends_with("_bg.js")) ||
         starts_with(import.name, {"__wbindgen_", "__wbg_"});
}

bool is_go_for_js(const Module& /*module*/, const Import& import) {
  return is_one_of(import.module, {"gojs", "go"}) || import.name.starts_with("syscall/js.");
}

bool is_component(const Module& /*module*/, const Import& import) {
  const auto colon = import.module.find(':');
  return is_one_of(import.module, {"$root", "[export]$root"}) ||
         import.module.starts_with("cm32p2|") ||
         (colon != std::string::npos && import.module.find('/', colon) != std::string::npos);
}

bool is_thread(const Module& /*module*/, const Import& import) {
  return (import.module == "wasi" && import.name == "thread-spawn") ||
         starts_with(import.name, {"pthread_", "__pthread_", "thrd_", "mtx_", "cnd_", "sem_",
                                   "_emscripten_thread", "__emscripten_init_main_thread",
                                   "_emscripten_notify_mailbox"});
}

// `invoke_vii` and its like call a function and catch what it throws.
bool is_invoke(std::string_view name) {
  return name.starts_with("invoke_") &&
         name.find_first_not_of("vijfdp", sizeof "invoke_" - 1) == std::string_view::npos;
}

bool is_exception(const Module& /*module*/, const Import& import) {
  return is_invoke(import.name) ||
         starts_with(import.name, {"__cxa_find_matching_catch", "_Unwind_", "__gxx_personality",
                                   "__wasm_setjmp", "__wasm_longjmp", "llvm_eh_typeid_for"}) ||
         is_one_of(import.name, {"__cxa_throw",
                                 "__cxa_rethrow",
                                 "__cxa_allocate_exception",
                                 "__cxa_free_exception",
                                 "__cxa_begin_catch",
                                 "__cxa_end_catch",
                                 "__cxa_get_exception_ptr",
                                 "__cxa_init_primary_exception",
                                 "__cxa_uncaught_exceptions",
                                 "__cxa_current_primary_exception",
                                 "__cxa_rethrow_primary_exception",
                                 "__cxa_current_exception_type",
                                 "__resumeException",
                                 "emscripten_longjmp",
                                 "_emscripten_throw_longjmp",
                                 "__c_longjmp",
                                 "__cpp_exception",
                                 "setThrew",
                                 "saveSetjmp",
                                 "testSetjmp",
                                 "setTempRet0",
                                 "getTempRet0"});
}

// What is optimized for size has imports of a letter or two.
bool is_minified(const Import& import) {
  return import.module == "a" && import.name.size() <= 2;
}

bool is_emscripten(const Module& /*module*/, const Import& import) {
  return is_minified(import) || is_one_of(import.module, {"GOT.mem", "GOT.func", "asm2wasm"}) ||
         starts_with(import.name, {"emscripten_", "_emscripten_", "__emscripten_", "__syscall_"}) ||
         is_one_of(import.name,
                   {"__memory_base", "__table_base", "__stack_pointer", "_abort_js", "_mmap_js",
                    "_munmap_js", "_tzset_js", "_localtime_js", "_mktime_js", "_gmtime_js",
                    "_setitimer_js", "__handle_stack_overflow", "__assert_fail", "segfault",
                    "alignfault", "abortOnCannotGrowMemory"});
}

bool is_assembly_script(const Module& module, const Import& import) {
  if (import.module != "env" || import.kind != ExternalKind::function) return false;
  const auto& type = module.types[import.type_index].function;
  if (import.name == "abort") return type == type_of("iiii:");
  if (import.name == "seed") return type.results == std::vector{ValueType::f64};
  return import.name == "trace" && type.parameters.size() == 7;
}

constexpr ImportFamily kFamilies[] = {
    {"wasm-bindgen, which connects Rust with JavaScript",
     "do without `wasm-bindgen`, `js-sys` and `web-sys` (`cargo tree -i js-sys` says who pulls "
     "them in), and build for `wasm32-wasip1`",
     is_bindgen},
    {"a JavaScript host (GOOS=js)",
     "build with `GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared`, or `tinygo build "
     "-target=wasip1 -buildmode=c-shared`",
     is_go_for_js},
    {"WASI 0.2, as the core of a component", "build for `wasm32-wasip1`, not for `wasm32-wasip2`",
     is_component},
    {"threads, and a plugin has one only",
     "build without threads: no `-pthread`, not for `wasm32-wasip1-threads`", is_thread},
    {"exceptions or setjmp that need a JavaScript host",
     "build with `-fwasm-exceptions`, which Envoy runs, or with `-fno-exceptions`", is_exception},
    {"Emscripten's JavaScript",
     "link with `-sSTANDALONE_WASM`, and not as a side module (`-sSIDE_MODULE`, `-sMAIN_MODULE`)",
     is_emscripten},
    {"AssemblyScript's JavaScript",
     "import `@solo-io/proxy-runtime` and compile with `--use abort=abort_proc_exit`; for random "
     "numbers and traces use its functions",
     is_assembly_script},
};

}  // namespace

std::span<const ImportFamily> import_families() {
  return kFamilies;
}

}  // namespace wasmctl::wasm
