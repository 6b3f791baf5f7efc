;; Property: a request of as many sectors as block_info allows is carried out.
;; Rule: block_info: "u32 sectors one request may move."
;; Status: 1: other bytes came back.
(global $state (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param i64 i32) (result i64) (local $bytes i32)
  (local.set $bytes
    (i32.mul (call $request_sectors (i32.const 0)) (call $sector_bytes (i32.const 0))))
  (if (i32.eqz (global.get $state))
    (then
      (memory.fill (i32.const 65536) (i32.const 0x77) (local.get $bytes))
      (call $submit (i32.const 1) (i64.const 0) (i32.const 65536)
        (call $request_sectors (i32.const 0)) (i32.const 1))
      (global.set $state (i32.const 1))))
  (if (i32.eq (global.get $state) (i32.const 1))
    (then
      (if (i32.eqz (call $completed (i32.const 0) (i32.const 1)))
        (then (return (i64.const 0x7fffffffffffffff))))
      (memory.fill (i32.const 65536) (i32.const 0) (local.get $bytes))
      (call $submit (i32.const 0) (i64.const 0) (i32.const 65536)
        (call $request_sectors (i32.const 0)) (i32.const 2))
      (global.set $state (i32.const 2))))
  (if (i32.eqz (call $completed (i32.const 0) (i32.const 2)))
    (then (return (i64.const 0x7fffffffffffffff))))
  (call $check (call $all (i32.const 65536) (local.get $bytes) (i32.const 0x77)) (i32.const 1))
  (call $success)
  (unreachable))
