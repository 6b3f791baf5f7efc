;; Property: a write changes its own sectors only, and each disk keeps its own.
;; Rule: block_submit: "nothing outside them changes."
;; Status: 1: the first sector. 2: the second. 3: the third. 4: the second sector of the other disk.
(global $state (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param i64 i32) (result i64) (local $bytes i32)
  (local.set $bytes (call $sector_bytes (i32.const 0)))
  (if (i32.eqz (global.get $state))
    (then
      (memory.fill (i32.const 0) (i32.const 0x11) (i32.const 12288))
      (call $submit (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 3) (i32.const 1))
      (global.set $state (i32.const 1))))
  (if (i32.eq (global.get $state) (i32.const 1))
    (then
      (if (i32.eqz (call $completed (i32.const 0) (i32.const 1)))
        (then (return (i64.const 0x7fffffffffffffff))))
      (memory.fill (i32.const 0) (i32.const 0x22) (i32.const 12288))
      (call $submit (i32.const 1) (i64.const 1) (i32.const 0) (i32.const 1) (i32.const 2))
      (global.set $state (i32.const 2))))
  (if (i32.eq (global.get $state) (i32.const 2))
    (then
      (if (i32.eqz (call $completed (i32.const 0) (i32.const 2)))
        (then (return (i64.const 0x7fffffffffffffff))))
      (call $submit (i32.const 0) (i64.const 0) (i32.const 16384) (i32.const 3) (i32.const 3))
      (global.set $state (i32.const 3))))
  (if (i32.eq (global.get $state) (i32.const 3))
    (then
      (if (i32.eqz (call $completed (i32.const 0) (i32.const 3)))
        (then (return (i64.const 0x7fffffffffffffff))))
      (memory.fill (i32.const 32768) (i32.const 0xaa) (i32.const 4096))
      (call $check
        (i32.eqz (call $block_submit (i32.const 1) (i32.const 0) (i64.const 1) (i32.const 32768)
          (i32.const 1) (i32.const 4)))
        (i32.const 94))
      (global.set $state (i32.const 4))))
  (if (i32.eqz (call $completed (i32.const 1) (i32.const 4)))
    (then (return (i64.const 0x7fffffffffffffff))))
  (call $check (call $all (i32.const 16384) (local.get $bytes) (i32.const 0x11)) (i32.const 1))
  (call $check
    (call $all (i32.add (i32.const 16384) (local.get $bytes)) (local.get $bytes) (i32.const 0x22))
    (i32.const 2))
  (call $check
    (call $all
      (i32.add (i32.const 16384) (i32.shl (local.get $bytes) (i32.const 1)))
      (local.get $bytes) (i32.const 0x11))
    (i32.const 3))
  (call $check
    (i32.ne (i32.load8_u (i32.const 32768)) (i32.const 0x22))
    (i32.const 4))
  (call $success)
  (unreachable))
