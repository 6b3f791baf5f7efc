;; Property: an init that never ends is ended by the operator's limit, as a step is.
;; Rule: EXIT.STEP_LIMIT; init runs on the same thread as the steps, and may be as wrong as they are.
;; Status: none of its own.
(func (export "init") (loop $for_ever (br $for_ever)))
(func (export "step") (param i64 i32) (result i64)
  (call $exit (i32.const 1))
  (unreachable))
