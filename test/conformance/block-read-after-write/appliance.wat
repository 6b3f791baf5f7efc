;; Property: what was written is read back, and a read lands only during its completion.
;; Rule: block_complete: "The data of a READ is written to the request's buffer during this call."
;; Status: 1: the buffer of the read changed before its completion. 2: other bytes. 3: a byte behind
;; the sectors was written.
(global $state (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param i64 i32) (result i64)
  (if (i32.eqz (global.get $state))
    (then
      (memory.fill (i32.const 0) (i32.const 0x11) (i32.const 8192))
      (i32.store (i32.const 1000) (i32.const 0x12345678))
      (call $submit (i32.const 1) (i64.const 3) (i32.const 0) (i32.const 2) (i32.const 5))
      (global.set $state (i32.const 1))))
  (if (i32.eq (global.get $state) (i32.const 1))
    (then
      (if (i32.eqz (call $completed (i32.const 0) (i32.const 5)))
        (then (return (i64.const 0x7fffffffffffffff))))
      (memory.fill (i32.const 16384) (i32.const 0xaa) (i32.const 16384))
      (call $submit (i32.const 0) (i64.const 3) (i32.const 16384) (i32.const 2) (i32.const 6))
      (call $check (call $all (i32.const 16384) (i32.const 16384) (i32.const 0xaa)) (i32.const 1))
      (global.set $state (i32.const 2))
      (return (i64.const 0x7fffffffffffffff))))
  (call $check (call $all (i32.const 16384) (i32.const 16384) (i32.const 0xaa)) (i32.const 1))
  (if (i32.eqz (call $completed (i32.const 0) (i32.const 6)))
    (then (return (i64.const 0x7fffffffffffffff))))
  (call $check
    (call $equal (i32.const 0) (i32.const 16384)
      (i32.shl (call $sector_bytes (i32.const 0)) (i32.const 1)))
    (i32.const 2))
  (call $check
    (call $all
      (i32.add (i32.const 16384) (i32.shl (call $sector_bytes (i32.const 0)) (i32.const 1)))
      (i32.const 100) (i32.const 0xaa))
    (i32.const 3))
  (call $success)
  (unreachable))
