;; Property: every kind of WebAssembly trap ends the domain with status 101, and nothing else.
;; Rule: EXIT.TRAP.
;; Status: 1: it did not trap.
(type $nothing (func))
(table 2 2 funcref)
(elem (i32.const 0) $binary)
(func $binary (param i32 i32))
(func (export "step") (param i64 i32) (result i64)
  (call $ready)
  (block $7 (block $6 (block $5 (block $4 (block $3 (block $2 (block $1
    (br_table $1 $2 $3 $4 $5 $6 $7 (global.get $case)))
    (unreachable) (call $exit (i32.const 1)))
    (drop (i32.div_s (i32.const 1) (i32.sub (global.get $case) (i32.const 1)))) (call $exit (i32.const 1)))
    (drop (i32.div_s (i32.const 0x80000000) (i32.sub (global.get $case) (i32.const 3)))) (call $exit (i32.const 1)))
    (drop (i32.load (i32.const 65533))) (call $exit (i32.const 1)))
    (call_indirect (type $nothing) (i32.const 0)) (call $exit (i32.const 1)))
    (call_indirect (type $nothing) (i32.const 1)) (call $exit (i32.const 1)))
    (drop (i32.trunc_f64_s (f64.const nan)))
  (call $exit (i32.const 1))
  (unreachable))
