;; Property: init may call abort, with the same meaning as later.
;; Rule: abort: "It is the only hypercall that init MAY make."
;; Status: 1: a step came although init had aborted.
(data (i32.const 0) "no such zone")
(func (export "init") (call $abort (global.get $case) (i32.const 0) (i32.const 12)))
(func (export "step") (param i64 i32) (result i64)
  (call $exit (i32.const 1))
  (unreachable))
