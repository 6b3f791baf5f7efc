;; Property: an image that outgrows the operator's limit ends with status 102: at its next hypercall,
;; or at the end of the step.
;; Rule: EXIT.MEMORY: "the image needed more memory than it may have".
;; Status: 1: growth below the limit failed. 2: it was stepped again.
(global $steps (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param $now i64) (param i32) (result i64)
  (call $check (i32.eqz (global.get $steps)) (i32.const 2))
  (global.set $steps (i32.const 1))
  (call $check (i32.eq (memory.grow (i32.const 31)) (i32.const 1)) (i32.const 1))
  (call $ready)
  (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1))
    (then (call $abort (i32.const 1) (i32.const 0) (i32.const 0))))
  (if (i32.eqz (global.get $case)) (then (call $ready)))
  (local.get $now))
