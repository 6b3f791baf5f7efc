;; Property: a trap in init ends the domain as any other trap does.
;; Rule: EXIT.TRAP.
;; Status: 1: a step came.
(func (export "init") (unreachable))
(func (export "step") (param i64 i32) (result i64)
  (call $exit (i32.const 1))
  (unreachable))
