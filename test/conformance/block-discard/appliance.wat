;; Property: a discard is accepted and completes, also by a disk that does not carry it out; the sectors
;; beside it keep their bytes.
;; Rule: BLOCK_FLAGS.DISCARD: "without it, it is accepted and ignored".
;; Status: 1: a sector beside it has changed.
(global $state (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param i64 i32) (result i64)
  (if (i32.eqz (global.get $state))
    (then
      (memory.fill (i32.const 0) (i32.const 0x11) (i32.const 8192))
      (call $submit (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 2) (i32.const 1))
      (global.set $state (i32.const 1))))
  (if (i32.eq (global.get $state) (i32.const 1))
    (then
      (if (i32.eqz (call $completed (i32.const 0) (i32.const 1)))
        (then (return (i64.const 0x7fffffffffffffff))))
      (call $submit (i32.const 3) (i64.const 1) (i32.const 0) (i32.const 1) (i32.const 2))
      (global.set $state (i32.const 2))))
  (if (i32.eq (global.get $state) (i32.const 2))
    (then
      (if (i32.eqz (call $completed (i32.const 0) (i32.const 2)))
        (then (return (i64.const 0x7fffffffffffffff))))
      (call $submit (i32.const 0) (i64.const 0) (i32.const 16384) (i32.const 1) (i32.const 3))
      (global.set $state (i32.const 3))))
  (if (i32.eqz (call $completed (i32.const 0) (i32.const 3)))
    (then (return (i64.const 0x7fffffffffffffff))))
  (call $check
    (call $all (i32.const 16384) (call $sector_bytes (i32.const 0)) (i32.const 0x11))
    (i32.const 1))
  (call $success)
  (unreachable))
