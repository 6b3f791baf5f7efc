;; Property: each step sets the deadline anew: later, earlier, later again; none is lost or kept.
;; Rule: EXPORTS.step: "returns an absolute deadline in ns on the scale of now_ns".
;; Status: 1: stepped more often than ten times in vain. 2: stepped half a second too late.
(data (i32.const 0) "\14\05\32\01\1e\02\28\03") ;; milliseconds
(global $due (export "g0") (mut i64) (i64.const 0))
(global $at (export "g1") (mut i32) (i32.const 0))
(global $vain (export "g2") (mut i32) (i32.const 0))
(func (export "step") (param $now i64) (param i32) (result i64)
  (if (i64.lt_s (local.get $now) (global.get $due))
    (then
      (global.set $vain (i32.add (global.get $vain) (i32.const 1)))
      (call $check (i32.le_u (global.get $vain) (i32.const 10)) (i32.const 1))
      (return (global.get $due))))
  (if (i64.ne (global.get $due) (i64.const 0))
    (then (call $check
      (i64.lt_s (i64.sub (local.get $now) (global.get $due)) (i64.const 500000000))
      (i32.const 2))))
  (if (i32.eq (global.get $at) (i32.const 8)) (then (call $success)))
  (global.set $due (i64.add (local.get $now)
    (i64.mul (i64.load8_u (global.get $at)) (i64.const 1000000))))
  (global.set $at (i32.add (global.get $at) (i32.const 1)))
  (global.get $due))
