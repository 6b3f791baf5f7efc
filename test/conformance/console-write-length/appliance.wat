;; Property: a write of no bytes is a guest bug.
;; Rule: console_write: length is "bytes, at least 1".
;; Status: 1: it returned.
(func (export "step") (param i64 i32) (result i64)
  (call $ready)
  (drop (call $console_write (i32.const 0) (i32.const 0)))
  (call $exit (i32.const 1))
  (unreachable))
