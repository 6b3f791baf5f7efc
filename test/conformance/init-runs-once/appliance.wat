;; Property: init has run once when the first step comes, and never runs again.
;; Rule: EXPORTS.init: "The host calls it once, before the first step."
;; Status: 1: it has not run, or not once.
(global $inits (export "g0") (mut i32) (i32.const 0))
(global $steps (export "g1") (mut i32) (i32.const 0))
(func (export "init") (global.set $inits (i32.add (global.get $inits) (i32.const 1))))
(func (export "step") (param $now i64) (param i32) (result i64)
  (call $check (i32.eq (global.get $inits) (i32.const 1)) (i32.const 1))
  (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
  (if (i32.eq (global.get $steps) (i32.const 10)) (then (call $success)))
  (local.get $now))
