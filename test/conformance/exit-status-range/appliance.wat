;; Property: a status outside 0 to 99 is a guest bug: no image can pretend to be a trap.
;; Rule: exit: "A status outside 0 to 99 is a guest bug."
;; Status: 1: exit returned.
(data (i32.const 0) "\64\00\00\00" "\65\00\00\00" "\00\01\00\00" "\ff\ff\ff\ff" "\00\00\00\80")
(func (export "step") (param i64 i32) (result i64)
  (call $ready)
  (call $exit (i32.load (i32.shl (global.get $case) (i32.const 2))))
  (call $exit (i32.const 1))
  (unreachable))
