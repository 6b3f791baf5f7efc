;; Property: what the host writes lands in pages that are new in this very step.
;; Rule: EXPORTS.memory: the host "keeps no view and no address across a return."
;; Status: 1: memory.grow failed. 2: a byte is missing.
(func (export "step") (param $now i64) (param i32) (result i64) (local $last i32) (local $bytes i32)
  (call $check (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (i32.const 1))
  (local.set $last (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 1)))
  (local.set $bytes (call $console_read (local.get $last) (i32.const 1)))
  (if (i32.eq (local.get $bytes) (i32.const -1)) (then (return (i64.const 0x7fffffffffffffff))))
  (if (i32.eqz (local.get $bytes)) (then (call $exit (i32.const 0))))
  (call $check (i32.ne (i32.load8_u (local.get $last)) (i32.const 0)) (i32.const 2))
  (call $print (local.get $last) (i32.const 1))
  (local.get $now))
