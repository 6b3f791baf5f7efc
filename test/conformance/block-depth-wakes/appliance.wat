;; Property: a submission that answered AGAIN wakes the domain when a completion has made room.
;; Rule: WAKE_UP: AGAIN "arms its handle and direction (… block_submit …)".
;; Status: 1: the disk was never full. 2: no room after a completion. 3: fifty steps in vain.
(global $state (export "g0") (mut i32) (i32.const 0))
(global $steps (export "g1") (mut i32) (i32.const 0))
(func $read (result i32)
  (call $block_submit (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 16384) (i32.const 1)
    (i32.const 0)))
(func (export "step") (param i64 i32) (result i64) (local $i i32) (local $result i32)
  (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
  (call $check (i32.lt_u (global.get $steps) (i32.const 50)) (i32.const 3))
  (if (i32.eqz (global.get $state))
    (then
      (loop $more
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (call $check (i32.lt_u (local.get $i) (i32.const 100000)) (i32.const 1))
        (br_if $more (i32.eqz (call $read))))
      (global.set $state (i32.const 1))
      (return (i64.const 0x7fffffffffffffff))))
  (if (i32.eq (global.get $state) (i32.const 1))
    (then
      (if (call $block_complete (i32.const 0) (i32.const 32))
        (then (return (i64.const 0x7fffffffffffffff))))
      (global.set $state (i32.const 2))
      (return (i64.const 0x7fffffffffffffff))))
  (call $check (i32.eqz (call $read)) (i32.const 2))
  (call $success)
  (unreachable))
