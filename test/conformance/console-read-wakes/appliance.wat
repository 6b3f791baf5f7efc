;; Property: a read that answered AGAIN wakes the domain when input comes.
;; Rule: WAKE_UP: "A call that returned AGAIN arms its handle and direction".
;; Status: 1: the first read did not answer AGAIN. 2: more than ten steps in vain. 3: other input.
(global $steps (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param i64 i32) (result i64) (local $bytes i32)
  (if (i32.eqz (global.get $steps)) (then (call $ready)))
  (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
  (local.set $bytes (call $console_read (i32.const 0) (i32.const 64)))
  (if (i32.eq (global.get $steps) (i32.const 1))
    (then (call $check (i32.eq (local.get $bytes) (i32.const -1)) (i32.const 1))))
  (if (i32.eq (local.get $bytes) (i32.const -1))
    (then
      (call $check (i32.le_u (global.get $steps) (i32.const 10)) (i32.const 2))
      (return (i64.const 0x7fffffffffffffff))))
  (call $check (i32.eq (local.get $bytes) (i32.const 1)) (i32.const 3))
  (call $check (i32.eq (i32.load8_u (i32.const 0)) (i32.const 0x78)) (i32.const 3))
  (call $success)
  (unreachable))
