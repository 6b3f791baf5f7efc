;; Property: abort ends the domain with status 100, and its message reaches the operator.
;; Rule: abort: "Ends the domain because something is wrong, with a message for the operator."
;; Status: 1: abort returned.
(data (i32.const 0) "the frobnicator is \c3\bcn-well")
(func (export "step") (param i64 i32) (result i64)
  (call $ready)
  (call $abort (i32.const 0) (i32.const 0)
    (select (i32.const 27) (i32.const 0) (i32.eqz (global.get $case))))
  (call $exit (i32.const 1))
  (unreachable))
