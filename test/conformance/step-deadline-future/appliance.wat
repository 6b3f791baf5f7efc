;; Property: the domain is stepped at its deadline: soon after it, and not all the time before.
;; Rule: EXPORTS.step: "returns an absolute deadline in ns"; "early, late (about 1 ms with timers)".
;; Status: 1: stepped more than ten times before the deadline. 2: stepped a second too late.
(global $due (export "g0") (mut i64) (i64.const 0))
(global $steps (export "g1") (mut i32) (i32.const 0))
(func (export "step") (param $now i64) (param i32) (result i64)
  (if (i64.eqz (global.get $due))
    (then (global.set $due (i64.add (local.get $now) (i64.const 200000000)))))
  (if (i64.ge_s (local.get $now) (global.get $due))
    (then
      (call $check
        (i64.lt_s (i64.sub (local.get $now) (global.get $due)) (i64.const 1000000000))
        (i32.const 2))
      (call $success)))
  (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
  (call $check (i32.le_u (global.get $steps) (i32.const 10)) (i32.const 1))
  (global.get $due))
