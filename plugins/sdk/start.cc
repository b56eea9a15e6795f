// The start of a module. Instead of wasi-libc's crt1, which would import functions of WASI.

extern "C" {

void __wasm_call_ctors();  // wasm-ld: the static constructors of all objects

// What the host calls first. A call of __wasm_call_ctors also tells wasm-ld not to wrap each export
// into one of its own.
__attribute__((export_name("_initialize"))) void _initialize() {
  __wasm_call_ctors();
}

}  // extern "C"
