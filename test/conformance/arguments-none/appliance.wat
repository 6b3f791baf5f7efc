;; Property: without arguments in the manifest the encoding has no bytes.
;; Rule: arguments: "bytes of the encoded arguments".
;; Status: 1: a size other than 0.
(func (export "step") (param i64 i32) (result i64)
  (call $check (i32.eqz (call $arguments (i32.const 0) (i32.const 0))) (i32.const 1))
  (call $check (i32.eqz (call $arguments (i32.const 0) (i32.const 64))) (i32.const 1))
  (call $success)
  (unreachable))
