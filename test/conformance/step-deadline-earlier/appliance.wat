;; Property: a domain that was woken before its deadline may choose an earlier one.
;; Rule: EXPORTS.step, WAKE_UP: a step sets the deadline, whatever the one before had said.
;; Status: 1: the input is not there after the wake-up.
(global $state (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param $now i64) (param i32) (result i64)
  (if (i32.eqz (global.get $state))
    (then (call $ready) (global.set $state (i32.const 1))))
  (if (i32.eq (global.get $state) (i32.const 2)) (then (call $success)))
  (if (i32.lt_s (call $console_read (i32.const 0) (i32.const 1)) (i32.const 0))
    (then (return (i64.add (local.get $now) (i64.const 60000000000)))))
  (call $check (i32.eq (i32.load8_u (i32.const 0)) (i32.const 0x78)) (i32.const 1))
  (global.set $state (i32.const 2))
  (i64.add (local.get $now) (i64.const 20000000)))
