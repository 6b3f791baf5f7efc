;; Property: block_info describes the disk that was attached, in exactly 24 bytes, always the same.
;; Rule: block_info: "Layout: u64 sectors, u32 bytes of a sector (512 or 4096), u32 depth …".
;; Status: 1: sector size. 2: size of the disk. 3: depth. 4: unknown flag. 5: sectors of a request. 6: a
;; byte outside the record was written. 7: the answer has changed.
(func (export "step") (param i64 i32) (result i64)
  (memory.fill (i32.const 0) (i32.const 0xaa) (i32.const 128))
  (call $block_info (i32.const 0) (i32.const 32))
  (call $check
    (i32.or
      (i32.eq (i32.load (i32.const 40)) (i32.const 512))
      (i32.eq (i32.load (i32.const 40)) (i32.const 4096)))
    (i32.const 1))
  (call $check
    (i64.eq
      (i64.mul (i64.load (i32.const 32)) (i64.load32_u (i32.const 40)))
      (i64.const 1048576))
    (i32.const 2))
  (call $check (i32.gt_s (i32.load (i32.const 44)) (i32.const 0)) (i32.const 3))
  (call $check (i32.eqz (i32.and (i32.load (i32.const 48)) (i32.const -4))) (i32.const 4))
  (call $check (i32.gt_s (i32.load (i32.const 52)) (i32.const 0)) (i32.const 5))
  (call $check
    (i64.le_u
      (i64.mul (i64.load32_u (i32.const 52)) (i64.load32_u (i32.const 40)))
      (i64.const 1048576))
    (i32.const 5))
  (call $check (call $all (i32.const 0) (i32.const 32) (i32.const 0xaa)) (i32.const 6))
  (call $check (call $all (i32.const 56) (i32.const 72) (i32.const 0xaa)) (i32.const 6))
  (call $block_info (i32.const 0) (i32.const 64))
  (call $check (call $equal (i32.const 32) (i32.const 64) (i32.const 24)) (i32.const 7))
  (call $success)
  (unreachable))
