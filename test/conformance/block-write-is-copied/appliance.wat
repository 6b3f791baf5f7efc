;; Property: the buffer of a write is free again when the submission returns.
;; Rule: block_submit: "Data to write is copied before it returns".
;; Status: 1: the disk has what the buffer held later.
(global $state (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param i64 i32) (result i64)
  (if (i32.eqz (global.get $state))
    (then
      (memory.fill (i32.const 0) (i32.const 0x11) (i32.const 4096))
      (call $submit (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 1) (i32.const 1))
      (memory.fill (i32.const 0) (i32.const 0x22) (i32.const 4096))
      (global.set $state (i32.const 1))))
  (if (i32.eq (global.get $state) (i32.const 1))
    (then
      (if (i32.eqz (call $completed (i32.const 0) (i32.const 1)))
        (then (return (i64.const 0x7fffffffffffffff))))
      (call $submit (i32.const 0) (i64.const 0) (i32.const 8192) (i32.const 1) (i32.const 2))
      (global.set $state (i32.const 2))))
  (if (i32.eqz (call $completed (i32.const 0) (i32.const 2)))
    (then (return (i64.const 0x7fffffffffffffff))))
  (call $check
    (call $all (i32.const 8192) (call $sector_bytes (i32.const 0)) (i32.const 0x11))
    (i32.const 1))
  (call $success)
  (unreachable))
