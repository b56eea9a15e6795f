;; The legacy form: try, catch, catch_all, delegate, rethrow. There are no official scripts for it; what these
;; expect is what Envoy's V8 does.

(module
  (tag $a (param i32))
  (tag $b)

  (func $throw_a (param i32) (throw $a (local.get 0)))
  (func $throw_b (throw $b))

  (func (export "catch-value") (param i32) (result i32)
    try (result i32)
      (call $throw_a (local.get 0)) (i32.const -1)
    catch $a
    end)

  (func (export "no-throw") (result i32)
    try (result i32)
      (i32.const 7)
    catch $a
      (drop) (i32.const 8)
    catch_all
      (i32.const 9)
    end)

  (func (export "which") (param i32) (result i32)
    try (result i32)
      (if (local.get 0) (then (call $throw_a (i32.const 1))) (else (call $throw_b)))
      (i32.const -1)
    catch $a
      (drop) (i32.const 1)
    catch $b
      (i32.const 2)
    end)

  (func (export "catch-all") (result i32)
    try (result i32)
      (call $throw_b) (i32.const -1)
    catch $a
    catch_all
      (i32.const 3)
    end)

  (func (export "uncaught") (call $throw_a (i32.const 5)))

  (func (export "rethrow") (param i32) (result i32)
    try (result i32)
      try (result i32)
        (call $throw_a (local.get 0)) (i32.const -1)
      catch $a
        (drop) (rethrow 0)
      end
    catch $a
      (i32.const 100) (i32.add)
    end)

  ;; The label of a rethrow may be that of an outer catch.
  (func (export "rethrow-outer") (result i32)
    try (result i32)
      try (result i32)
        (call $throw_a (i32.const 1)) (i32.const -1)
      catch $a
        (drop)
        try (result i32)
          (call $throw_a (i32.const 2)) (i32.const -2)
        catch $a
          (drop) (rethrow 1)
        end
      end
    catch $a
    end)

  ;; A delegate to the outer try passes over the one between.
  (func (export "delegate") (result i32)
    try $outer (result i32)
      try (result i32)
        try (result i32)
          (call $throw_b) (i32.const -1)
        delegate $outer
      catch_all
        (i32.const 1)
      end
    catch_all
      (i32.const 2)
    end)

  (func $delegate_out (export "delegate-to-caller")
    try
      try
        (call $throw_a (i32.const 9))
      delegate 1
    catch_all
    end)
  (func (export "delegate-caught-by-caller") (result i32)
    try (result i32)
      (call $delegate_out) (i32.const -1)
    catch $a
    end)

  ;; A delegate to a block goes to what is around the block.
  (func (export "delegate-to-block") (result i32)
    try (result i32)
      (block $b (result i32)
        try (result i32)
          try (result i32)
            (call $throw_b) (i32.const -1)
          delegate $b
        catch_all
          (i32.const 1)
        end)
    catch_all
      (i32.const 2)
    end)

  ;; In a catch, its own try no longer catches.
  (func (export "throw-in-catch") (result i32)
    try (result i32)
      try (result i32)
        (call $throw_b) (i32.const -1)
      catch $b
        (call $throw_b) (i32.const 1)
      end
    catch $b
      (i32.const 2)
    end)

  ;; What is below the block stays; what is above goes.
  (func (export "unwinds-the-stack") (result i32)
    (i32.const 10)
    try (result i32)
      (i32.const 1) (i32.const 2) (call $throw_b) (drop) (drop) (i32.const 3)
    catch $b
      (i32.const 20)
    end
    (i32.add))

  (func (export "branch-out-of-catch") (result i32)
    (block $out (result i32)
      try
        (call $throw_a (i32.const 4))
      catch $a
        (br $out)
      end
      (i32.const -1)))

  (func (export "branch-out-of-try") (result i32)
    (block $out (result i32)
      try
        (br $out (i32.const 6))
      catch_all
      end
      (i32.const -1)))

  ;; A trap is no exception.
  (func (export "trap-passes")
    try
      (unreachable)
    catch_all
    end)

  (func (export "locals-keep-values") (result i32)
    (local $n i32)
    try
      (local.set $n (i32.const 42)) (call $throw_b)
    catch_all
    end
    (local.get $n))

  (func (export "loop") (param $n i32) (result i32)
    (local $caught i32)
    (loop $again
      try
        (call $throw_a (local.get $n))
      catch $a
        (local.set $caught (i32.add (local.get $caught)))
      end
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $caught))

  ;; The first clause that fits catches; all values of the tag come along.
  (tag $c (param i32 i64 f64))
  (func (export "several-values") (result i32)
    (local $f f64) (local $l i64)
    try (result i32)
      (throw $c (i32.const 1) (i64.const 20) (f64.const 300))
    catch $c
      (local.set $f) (local.set $l)
      (i32.add (i32.wrap_i64 (local.get $l))) (i32.add (i32.trunc_f64_s (local.get $f)))
    catch $c
      (drop) (drop) (drop) (i32.const -1)
    end)

  (func (export "delegate-to-try") (result i32)
    try (result i32)
      try (result i32)
        (call $throw_b) (i32.const -1)
      delegate 0
    catch_all
      (i32.const 5)
    end)

  ;; A delegate to a try in whose catch it is goes to what is around that try.
  (func (export "delegate-in-catch") (result i32)
    try (result i32)
      try (result i32)
        (call $throw_a (i32.const 3)) (i32.const -1)
      catch $a
        try (result i32)
          (call $throw_b) (i32.const -2)
        delegate 0
        (i32.add)
      catch_all
        (i32.const 50)
      end
    catch $b
      (i32.const 60)
    end)

  (func (export "delegate-in-loop") (result i32)
    (local $n i32)
    try
      (loop $again
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        try
          (br_if $again (i32.lt_u (local.get $n) (i32.const 5)))
          (call $throw_b)
        delegate 1)
    catch $b
    end
    (local.get $n))

  (func (export "rethrow-in-catch-all") (result i32)
    try (result i32)
      try
        (call $throw_a (i32.const 8))
      catch_all
        (rethrow 0)
      end
      (i32.const -1)
    catch $a
    end)

  (func (export "rethrow-after-another") (result i32)
    try (result i32)
      try (result i32)
        (call $throw_a (i32.const 9)) (i32.const -1)
      catch $a
        try
          (call $throw_b)
        catch $b
        end
        (drop) (rethrow 0)
      end
    catch $a
    end)

  ;; Of two that are caught, each label has its own.
  (func (export "rethrow-by-label") (param i32) (result i32)
    try (result i32)
      try (result i32)
        (call $throw_a (i32.const 1)) (i32.const -1)
      catch $a
        (drop)
        try (result i32)
          (call $throw_a (i32.const 2)) (i32.const -1)
        catch $a
          (drop)
          (block (if (local.get 0) (then (rethrow 3))) (rethrow 1))
          (i32.const -2)
        end
      end
    catch $a
    end)

  (func (export "branch-to-try") (result i32)
    try $t (result i32)
      (br $t (i32.const 4))
    catch_all
      (i32.const 9)
    end)

  (func (export "catch-in-catch") (result i32)
    try (result i32)
      (call $throw_a (i32.const 1)) (i32.const -1)
    catch $a
      try (result i32)
        (call $throw_a (i32.const 10)) (i32.const -1)
      catch $a
        (if (result i32) (i32.const 1) (then (call $catches)) (else (i32.const -1)))
        (i32.add)
      end
      (i32.add)
    end)
  (func $catches (result i32)
    try (result i32)
      (call $throw_a (i32.const 100)) (i32.const -1)
    catch $a
    end)

  (table funcref (elem $throw_b))
  (func (export "through-a-table") (result i32)
    try (result i32)
      (call_indirect (i32.const 0)) (i32.const -1)
    catch $b
      (i32.const 7)
    end)

  (func (export "catch-and-go-on") (result i32)
    (local $n i32)
    (loop $again (result i32)
      try (result i32)
        (if (i32.lt_u (local.get $n) (i32.const 3)) (then (call $throw_b)))
        (i32.const 12)
      catch_all
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $again)
      end))
)

(assert_return (invoke "catch-value" (i32.const 17)) (i32.const 17))
(assert_return (invoke "no-throw") (i32.const 7))
(assert_return (invoke "which" (i32.const 1)) (i32.const 1))
(assert_return (invoke "which" (i32.const 0)) (i32.const 2))
(assert_return (invoke "catch-all") (i32.const 3))
(assert_exception (invoke "uncaught"))
(assert_return (invoke "rethrow" (i32.const 7)) (i32.const 107))
(assert_return (invoke "rethrow-outer") (i32.const 1))
(assert_return (invoke "delegate") (i32.const 2))
(assert_exception (invoke "delegate-to-caller"))
(assert_return (invoke "delegate-caught-by-caller") (i32.const 9))
(assert_return (invoke "delegate-to-block") (i32.const 2))
(assert_return (invoke "throw-in-catch") (i32.const 2))
(assert_return (invoke "unwinds-the-stack") (i32.const 30))
(assert_return (invoke "branch-out-of-catch") (i32.const 4))
(assert_return (invoke "branch-out-of-try") (i32.const 6))
(assert_trap (invoke "trap-passes") "unreachable")
(assert_return (invoke "locals-keep-values") (i32.const 42))
(assert_return (invoke "loop" (i32.const 4)) (i32.const 10))
(assert_return (invoke "several-values") (i32.const 321))
(assert_return (invoke "delegate-to-try") (i32.const 5))
(assert_return (invoke "delegate-in-catch") (i32.const 60))
(assert_return (invoke "delegate-in-loop") (i32.const 5))
(assert_return (invoke "rethrow-in-catch-all") (i32.const 8))
(assert_return (invoke "rethrow-after-another") (i32.const 9))
(assert_return (invoke "rethrow-by-label" (i32.const 1)) (i32.const 1))
(assert_return (invoke "rethrow-by-label" (i32.const 0)) (i32.const 2))
(assert_return (invoke "branch-to-try") (i32.const 4))
(assert_return (invoke "catch-in-catch") (i32.const 111))
(assert_return (invoke "through-a-table") (i32.const 7))
(assert_return (invoke "catch-and-go-on") (i32.const 12))

(assert_invalid (module (func (rethrow 0))) "its label is not of a catch")
(assert_invalid (module (func try (rethrow 0) catch_all end)) "its label is not of a catch")
(assert_invalid (module (tag (param i32)) (func try catch 0 end)) "a value is left")
(assert_invalid (module (func try catch 0 end)) "no such tag")
(assert_invalid (module (func (result i32) try (result i32) (i32.const 1) catch_all end)) "no result")
(assert_invalid (module (func try delegate 1)) "no such label")
(assert_invalid (module (tag (param i32)) (func (throw 0))) "no argument")
;; catch after catch_all; catch and delegate without a try; an else in a try
(assert_invalid
  (module binary "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00" "\0d\03\01\00\00"
    "\0a\0b\01\09\00\06\40\19\07\00\0b\0b") "order")
(assert_invalid
  (module binary "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00" "\0d\03\01\00\00"
    "\0a\06\01\04\00\07\00\0b") "no try")
(assert_invalid
  (module binary "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00"
    "\0a\06\01\04\00\18\00\0b") "no try")
(assert_invalid
  (module binary "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00"
    "\0a\08\01\06\00\06\40\05\0b\0b") "no if")
