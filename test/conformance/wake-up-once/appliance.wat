;; Property: what waits and is not asked for does not wake again and again.
;; Rule: WAKE_UP: "the host steps the domain once and disarms it."
;; Status: 1: more than eight steps. 2: the first read did not answer AGAIN.
(global $steps (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param i64) (param $events i32) (result i64)
  (if (i32.eqz (global.get $steps))
    (then
      (call $ready)
      (call $check
        (i32.eq (call $console_read (i32.const 0) (i32.const 64)) (i32.const -1))
        (i32.const 2))))
  (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
  (call $check (i32.le_u (global.get $steps) (i32.const 8)) (i32.const 1))
  (if (i32.and (local.get $events) (i32.const 1)) (then (call $success)))
  (i64.const 0x7fffffffffffffff))
