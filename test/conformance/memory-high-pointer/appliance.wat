;; Property: pointers are unsigned: the upper half of a large memory can be used.
;; Rule: Parameters: i32 pointers into a memory of up to 65536 pages.
;; Status: 1: memory.grow failed. 2: the bytes did not arrive.
(func (export "step") (param i64 i32) (result i64)
  (call $check (i32.eq (memory.grow (i32.const 39999)) (i32.const 1)) (i32.const 1))
  (call $entropy (i32.const 0x90000000) (i32.const 16))
  (call $check (i64.ne (i64.load (i32.const 0x90000008)) (i64.const 0)) (i32.const 2))
  (i64.store (i32.const 0x90000100) (i64.const 0x0a53534543435553)) ;; "SUCCESS\n"
  (call $print (i32.const 0x90000100) (i32.const 8))
  (call $exit (i32.const 0))
  (unreachable))
