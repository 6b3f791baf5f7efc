;; Property: now_ns counts from the first boot, and never goes back.
;; Rule: EXPORTS.step: "now_ns counts from the first boot, … and never goes back".
;; Status: 1: negative. 2: a minute or more at the first step. 3: gone back. 4: stands still although
;; a deadline has passed.
(global $before (export "g0") (mut i64) (i64.const -1))
(global $due (export "g1") (mut i64) (i64.const 0))
(global $steps (export "g2") (mut i32) (i32.const 0))
(func (export "step") (param $now i64) (param i32) (result i64)
  (call $check (i64.ge_s (local.get $now) (i64.const 0)) (i32.const 1))
  (if (i32.eqz (global.get $steps))
    (then (call $check (i64.lt_s (local.get $now) (i64.const 60000000000)) (i32.const 2))))
  (call $check (i64.ge_s (local.get $now) (global.get $before)) (i32.const 3))
  (global.set $before (local.get $now))
  (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
  (call $check (i32.lt_u (global.get $steps) (i32.const 1000)) (i32.const 4))
  (if (i64.eqz (global.get $due))
    (then (global.set $due (i64.add (local.get $now) (i64.const 100000000)))))
  (if (i64.ge_s (local.get $now) (global.get $due)) (then (call $success)))
  (i64.add (local.get $now) (i64.const 1000000)))
