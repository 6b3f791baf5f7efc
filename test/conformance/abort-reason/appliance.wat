;; Property: the reason decides the status: FAILURE 100, MEMORY 102, anything else is a guest bug.
;; Rule: ABORT_REASONS.
;; Status: 1: abort returned.
(data (i32.const 0) "\00\00\00\00" "\01\00\00\00" "\02\00\00\00" "\ff\ff\ff\ff")
(func (export "step") (param i64 i32) (result i64)
  (call $ready)
  (call $abort (i32.load (i32.shl (global.get $case) (i32.const 2))) (i32.const 0) (i32.const 0))
  (call $exit (i32.const 1))
  (unreachable))
