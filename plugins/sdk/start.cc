// The start of a module, and its sudden end. Instead of wasi-libc's crt1, which would import
// functions of WASI, and of libc++'s last words, which bring 15 KB of printf.
extern "C" {

void __wasm_call_ctors();  // wasm-ld: the static constructors of all objects

// What the host calls first. A call of __wasm_call_ctors also tells wasm-ld not to wrap each export
// into one of its own.
__attribute__((export_name("_initialize"))) void _initialize() {
  __wasm_call_ctors();
}

// A module is never asked to leave: its static objects are not destroyed.
void __wasm_call_dtors() {}

// The host's log gets a backtrace; the stream is answered with 503 (or what the plugin's fail
// policy says).
[[noreturn]] void abort() {
  __builtin_trap();
}

}  // extern "C"
