;; Property: recursion without end is a trap of this domain, not a failure of the host.
;; Rule: EXIT.TRAP: "stack overflow".
;; Status: 1: it came back.
(func $deeper (param i32) (result i32)
  (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
(func (export "step") (param i64 i32) (result i64)
  (call $ready)
  (drop (call $deeper (i32.const 0)))
  (call $exit (i32.const 1))
  (unreachable))
