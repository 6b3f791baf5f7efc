;; Property: a step that never ends is ended by the operator's limit.
;; Rule: EXIT.STEP_LIMIT: "one step took longer than the step limit".
;; Status: none of its own.
(func (export "step") (param i64 i32) (result i64)
  (call $ready)
  (loop $for_ever (br $for_ever))
  (unreachable))
