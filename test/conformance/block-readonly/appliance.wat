;; Property: a read-only disk says so, refuses writes and discards, and can be read and flushed.
;; Rule: BLOCK_FLAGS.READONLY: "writes and discards answer READONLY".
;; Status: 1: the flag is missing. 2: write. 3: discard.
(global $state (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param i64 i32) (result i64)
  (if (i32.eqz (global.get $state))
    (then
      (call $check (i32.and (call $disk_flags (i32.const 0)) (i32.const 1)) (i32.const 1))
      (call $check
        (i32.eq (call $block_submit (i32.const 0) (i32.const 1) (i64.const 0) (i32.const 0)
          (i32.const 1) (i32.const 1)) (i32.const -4))
        (i32.const 2))
      (call $check
        (i32.eq (call $block_submit (i32.const 0) (i32.const 3) (i64.const 0) (i32.const 0)
          (i32.const 1) (i32.const 1)) (i32.const -4))
        (i32.const 3))
      (call $submit (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 1) (i32.const 2))
      (global.set $state (i32.const 1))))
  (if (i32.eq (global.get $state) (i32.const 1))
    (then
      (if (i32.eqz (call $completed (i32.const 0) (i32.const 2)))
        (then (return (i64.const 0x7fffffffffffffff))))
      (call $submit (i32.const 2) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 3))
      (global.set $state (i32.const 2))))
  (if (i32.eqz (call $completed (i32.const 0) (i32.const 3)))
    (then (return (i64.const 0x7fffffffffffffff))))
  (call $success)
  (unreachable))
