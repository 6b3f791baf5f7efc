;; Property: a deadline at or before now means: call again soon.
;; Rule: EXPORTS.step: "at or before now_ns means call again soon".
;; Status: none of its own.
(global $steps (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param $now i64) (param i32) (result i64)
  (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
  (if (i32.eq (global.get $steps) (i32.const 100)) (then (call $success)))
  (if (i32.eq (global.get $case) (i32.const 0)) (then (return (local.get $now))))
  (if (i32.eq (global.get $case) (i32.const 1))
    (then (return (i64.sub (local.get $now) (i64.const 1)))))
  (if (i32.eq (global.get $case) (i32.const 2)) (then (return (i64.const 0))))
  (if (i32.eq (global.get $case) (i32.const 3)) (then (return (i64.const -1))))
  (i64.const 0x8000000000000000))
