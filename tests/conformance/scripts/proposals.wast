;; A few rules of each proposal that Envoy has on, kept and broken.

;; Constant expressions with defined globals, arithmetic, and references
(module
  (global $a i32 (i32.const 8))
  (global $b i32 (i32.add (global.get $a) (i32.mul (i32.const 2) (i32.const 3))))
  (func $f)
  (global $r funcref (ref.func $f))
  (memory 1)
  (data (offset (i32.add (global.get $b) (i32.const 1))) "x")
  (table 9 funcref)
  (elem (global.get $a) funcref (global.get $r))
  (table 2 (ref func) (ref.func $f)))
(assert_invalid (module (global i32 (global.get 1)) (global i32 (i32.const 1))) "later")
(assert_invalid (module (global (mut i32) (i32.const 1)) (global i32 (global.get 0))) "mutable")
(assert_invalid (module (global i32 (i32.clz (i32.const 1)))) "not constant")
(assert_invalid (module (table 2 (ref func))) "no initial value")

;; Multi-memory and 64-bit memories and tables
(module
  (memory $a 1) (memory $b i64 1) (table $t i64 1 funcref)
  (func (memory.copy $a $b (i32.const 0) (i64.const 0) (i32.const 1)))
  (func (result i64) (memory.size $b))
  (func (result i32) (i32.load8_u $b offset=0x1_0000_0000 (i64.const 0)))
  (func (result funcref) (table.get $t (i64.const 0))))
(assert_invalid (module (memory i64 1) (func (drop (i32.load (i32.const 0))))) "64-bit address")
(assert_invalid (module (memory 1) (memory 1) (func (drop (i32.load 2 (i32.const 0))))) "no such memory")
(assert_invalid (module (memory 2 1)) "limits")

;; Tail calls
(module
  (func $f (param i32) (result i32) (return_call $f (local.get 0)))
  (table 1 funcref)
  (type $t (func (result i64)))
  (func (result i64) (return_call_indirect (type $t) (i32.const 0))))
(assert_invalid (module (func $f (result i64) (i64.const 0)) (func (result i32) (return_call $f))) "result")

;; Exceptions with references
(module
  (tag $a (param i32))
  (func (result i32)
    (block $all
      (block $h (result i32 exnref)
        (try_table (result i32) (catch_ref $a $h) (catch_all $all) (throw $a (i32.const 1))) (return))
      (throw_ref))
    (i32.const 0)))
(assert_invalid (module (tag (param i32)) (func (try_table (catch 0 0)))) "label")
(assert_invalid (module (func (throw_ref (i32.const 0)))) "no exnref")
(assert_invalid (module (tag (result i32))) "result")

;; Typed references and garbage collection
(module
  (rec
    (type $node (sub (struct (field $next (mut (ref null $node))) (field i8))))
    (type $leaf (sub $node (struct (field (mut (ref null $node))) (field i8) (field f32)))))
  (type $bytes (array (mut i8)))
  (func (param (ref null $node)) (result i32) (struct.get_u $node 1 (local.get 0)))
  (func (param (ref $leaf)) (result (ref $node)) (local.get 0))
  (func (result (ref $bytes)) (array.new $bytes (i32.const 0) (i32.const 9)))
  (func (param anyref) (result i32)
    (block $is (result (ref i31)) (br_on_cast $is anyref (ref i31) (local.get 0)) (drop) (return (i32.const 0)))
    (i31.get_s))
  (func (param $f (ref null $bytes)) (result i32) (array.len (local.get 0))))
(assert_invalid (module (type $s (struct (field i8))) (func (param (ref $s)) (result i32)
  (struct.get $s 0 (local.get 0)))) "packed")
(assert_invalid (module (type $s (struct (field i32))) (func (param (ref $s))
  (struct.set $s 0 (local.get 0) (i32.const 1)))) "immutable")
(assert_invalid (module (type $a (sub (struct (field i32)))) (type $b (sub $a (struct)))) "subtype")
(assert_invalid (module (func (local (ref func)) (drop (local.get 0)))) "not set")
(assert_invalid (module (type $s (struct)) (func (param anyref) (result (ref $s)) (local.get 0))) "subtype")

;; Vectors and atomics
(module
  (memory 1 1 shared)
  (func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (v128.const i64x2 0 0)))
  (func (result i32) (i32.atomic.rmw.add (i32.const 0) (i32.const 1)) (atomic.fence)))
(assert_invalid (module (func (param v128) (result i32) (i8x16.extract_lane_s 16 (local.get 0)))) "lane")
(assert_invalid (module (memory 1 1 shared)
  (func (drop (i32.atomic.load align=2 (i32.const 0))))) "alignment")
(assert_invalid (module (memory 1 shared)) "maximum")

;; Wide arithmetic and pages of other sizes are read; that no Envoy takes them is lint's to say.
(module (func (param i64 i64) (result i64 i64) (i64.mul_wide_s (local.get 0) (local.get 1))))
(module (memory 1 2 (pagesize 1)))
(assert_invalid (module (memory 1 2 (pagesize 2))) "page size")

;; Atomic accesses, of one thread
(module
  (memory 1 1 shared)
  (func (export "unaligned") (drop (i32.atomic.load (i32.const 2))))
  (func (export "add") (result i32)
    (drop (i32.atomic.rmw8.add_u (i32.const 0) (i32.const 0x1ff)))
    (i32.atomic.load (i32.const 0)))
  (func (export "compare") (param i64) (result i64)
    (drop (i64.atomic.rmw8.cmpxchg_u (i32.const 8) (local.get 0) (i64.const 7)))
    (i64.atomic.load (i32.const 8)))
  (func (export "wait") (param i32 i64) (result i32)
    (memory.atomic.wait32 (i32.const 4) (local.get 0) (local.get 1)))
  (func (export "notify") (result i32) (memory.atomic.notify (i32.const 4) (i32.const 1))))
(assert_trap (invoke "unaligned") "unaligned atomic")
(assert_return (invoke "add") (i32.const 0xff))
(assert_return (invoke "compare" (i64.const 0x100)) (i64.const 0))
(assert_return (invoke "compare" (i64.const 0)) (i64.const 7))
(assert_return (invoke "wait" (i32.const 1) (i64.const -1)) (i32.const 1))
(assert_return (invoke "wait" (i32.const 0) (i64.const 1000)) (i32.const 2))
(assert_trap (invoke "wait" (i32.const 0) (i64.const -1)) "a wait that nobody ends")
(assert_return (invoke "notify") (i32.const 0))
(module
  (memory 1)
  (func (export "wait") (drop (memory.atomic.wait64 (i32.const 0) (i64.const 0) (i64.const 0)))))
(assert_trap (invoke "wait") "expected shared memory")
