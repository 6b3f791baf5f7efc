;; Property: a link whose other end has gone wakes the domain, hands out what still waits, and then
;; answers GONE for ever.
;; Rule: ERRORS.GONE: "the device was detached and will not come back".
;; Status: 1: another answer than AGAIN before the end. 2: the last frame is missing. 3: not GONE.
(global $frames (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param i64 i32) (result i64) (local $result i32)
  (drop (call $arguments (i32.const 1024) (i32.const 64)))
  (if (i32.eqz (i32.load8_u (i32.const 1025)))
    (then
      (drop (call $net_send (i32.const 0) (i32.const 0) (i32.const 64)))
      (call $success)))
  (loop $more
    (local.set $result (call $net_receive (i32.const 0) (i32.const 2048) (i32.const 60000)))
    (if (i32.eq (local.get $result) (i32.const -1)) (then (return (i64.const 0x7fffffffffffffff))))
    (if (i32.ne (local.get $result) (i32.const -6))
      (then
        (call $check (i32.eq (local.get $result) (i32.const 64)) (i32.const 1))
        (global.set $frames (i32.add (global.get $frames) (i32.const 1)))
        (br $more))))
  (call $check (i32.eq (global.get $frames) (i32.const 1)) (i32.const 2))
  (call $check
    (i32.eq (call $net_receive (i32.const 0) (i32.const 2048) (i32.const 60000)) (i32.const -6))
    (i32.const 3))
  (call $check
    (i32.eq (call $net_send (i32.const 0) (i32.const 0) (i32.const 64)) (i32.const -6))
    (i32.const 3))
  (call $success)
  (unreachable))
