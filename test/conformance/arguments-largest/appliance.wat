;; Property: ARGUMENTS_BYTES_MAX bytes of arguments pass.
;; Rule: LIMITS.ARGUMENTS_BYTES_MAX.
;; Status: 1: another size. 2: other bytes.
(func (export "step") (param i64 i32) (result i64)
  (call $check
    (i32.eq (call $arguments (i32.const 65536) (i32.const 65536)) (i32.const 65536))
    (i32.const 1))
  (call $check (i32.eq (i32.load8_u (i32.const 65536)) (i32.const 1)) (i32.const 2))
  (call $check (i32.eq (i32.load (i32.const 65537)) (i32.const 65531)) (i32.const 2))
  (call $check (call $all (i32.const 65541) (i32.const 65531) (i32.const 0x78)) (i32.const 2))
  (call $success)
  (unreachable))
