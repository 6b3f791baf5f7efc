;; Property: a receive that answered AGAIN wakes the domain when a frame comes.
;; Rule: WAKE_UP: AGAIN "arms its handle and direction (net_receive, …)".
;; Status: 1: a frame before one was sent. 2: fifty steps in vain.
(global $steps (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param i64 i32) (result i64)
  (if (i32.eqz (global.get $steps))
    (then
      (call $check
        (i32.eq (call $net_receive (i32.const 0) (i32.const 2048) (i32.const 60000)) (i32.const -1))
        (i32.const 1))
      (drop (call $net_send (i32.const 0) (i32.const 0) (i32.const 64)))))
  (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
  (if (i32.eq (global.get $steps) (i32.const 1)) (then (return (i64.const 0x7fffffffffffffff))))
  (if (i32.eq (call $net_receive (i32.const 0) (i32.const 2048) (i32.const 60000)) (i32.const 64))
    (then (call $success)))
  (call $check (i32.lt_u (global.get $steps) (i32.const 50)) (i32.const 2))
  (i64.const 0x7fffffffffffffff))
