;; Property: after the end of input every read answers 0, in this step and in later ones.
;; Rule: console_read: "After 0 it answers 0 for ever."
;; Status: 1: another answer after 0.
(global $ended (export "g0") (mut i32) (i32.const 0))
(global $started (export "g1") (mut i32) (i32.const 0))
(func (export "step") (param $now i64) (param i32) (result i64) (local $bytes i32) (local $i i32)
  (if (i32.and (i32.eqz (global.get $started)) (i32.eq (global.get $case) (i32.const 2)))
    (then (call $ready)))
  (global.set $started (i32.const 1))
  (loop $more
    (local.set $bytes (call $console_read (i32.const 0) (i32.const 64)))
    (if (i32.eqz (local.get $bytes))
      (then (global.set $ended (i32.add (global.get $ended) (i32.const 1))))
      (else
        (call $check (i32.eqz (global.get $ended)) (i32.const 1))
        (if (i32.lt_s (local.get $bytes) (i32.const 0))
          (then (return (i64.const 0x7fffffffffffffff))))))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $more (i32.lt_u (local.get $i) (i32.const 10))))
  (if (i32.ge_u (global.get $ended) (i32.const 100)) (then (call $success)))
  (i64.add (local.get $now) (i64.const 1000000)))
