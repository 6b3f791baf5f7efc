;; Property: net_info describes the link in exactly 16 bytes: only offloads the image accepts, a
;; possible MTU, the address of one station; always the same.
;; Rule: net_info: "Layout: u32 features, u32 MTU in bytes …, 6 bytes of MAC address, 2 bytes of zero."
;; Status: 1: features. 2: MTU. 3: a group or zero address. 4: the last two bytes. 5: a byte outside the
;; record was written. 6: the answer has changed.
(func (export "step") (param i64 i32) (result i64)
  (memory.fill (i32.const 0) (i32.const 0xaa) (i32.const 96))
  (call $net_info (i32.const 0) (i32.const 32))
  (call $check
    (i32.eqz (i32.and (i32.load (i32.const 32))
      (select (i32.const -16) (i32.const -1) (global.get $case))))
    (i32.const 1))
  (call $check (i32.ge_u (i32.load (i32.const 36)) (i32.const 68)) (i32.const 2))
  (call $check (i32.le_u (i32.load (i32.const 36)) (i32.const 65535)) (i32.const 2))
  (call $check (i32.eqz (i32.and (i32.load8_u (i32.const 40)) (i32.const 1))) (i32.const 3))
  (call $check
    (i64.ne (i64.shl (i64.load (i32.const 40)) (i64.const 16)) (i64.const 0)) (i32.const 3))
  (call $check (i32.eqz (i32.load16_u (i32.const 46))) (i32.const 4))
  (call $check (call $all (i32.const 0) (i32.const 32) (i32.const 0xaa)) (i32.const 5))
  (call $check (call $all (i32.const 48) (i32.const 48) (i32.const 0xaa)) (i32.const 5))
  (call $net_info (i32.const 0) (i32.const 48))
  (call $check (call $equal (i32.const 32) (i32.const 48) (i32.const 16)) (i32.const 6))
  (call $success)
  (unreachable))
