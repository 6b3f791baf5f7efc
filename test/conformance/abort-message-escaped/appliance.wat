;; Property: a message cannot play with the operator's terminal: control characters are escaped, and
;; bytes that are no UTF-8 do no harm.
;; Rule: abort: "The host escapes control characters in the message".
;; Status: 1: abort returned.
(data (i32.const 0) "before\1b[31m\07\08\0d\c2\9b\7f\ff\feafter")
(func (export "step") (param i64 i32) (result i64)
  (call $ready)
  (call $abort (i32.const 0) (i32.const 0) (i32.const 24))
  (call $exit (i32.const 1))
  (unreachable))
