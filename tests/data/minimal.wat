;; The least that Envoy loads: minimal.wasm is `wat2wasm minimal.wat`.
(module
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "malloc") (param i32) (result i32) (i32.const 1024))
  (memory (export "memory") 1))
