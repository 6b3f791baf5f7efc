;; Property: without a deadline, or with one far away, a domain rests: nothing steps it again and again.
;; Rule: EXPORTS.step: "i64.MAX means none"; timers of the host must not overflow.
;; Status: 1: more than eight steps.
(global $steps (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param $now i64) (param $events i32) (result i64)
  (if (i32.eqz (global.get $steps)) (then (call $ready)))
  (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
  (call $check (i32.le_u (global.get $steps) (i32.const 8)) (i32.const 1))
  (if (i32.and (local.get $events) (i32.const 1)) (then (call $success)))
  (if (i32.eq (global.get $case) (i32.const 0)) (then (return (i64.const 0x7fffffffffffffff))))
  (if (i32.eq (global.get $case) (i32.const 1)) (then (return (i64.const 0x7ffffffffffffffe))))
  (if (i32.eq (global.get $case) (i32.const 2)) (then (return (i64.const 0x4000000000000000))))
  (i64.add (local.get $now) (i64.const 2592000000000000))) ;; thirty days
