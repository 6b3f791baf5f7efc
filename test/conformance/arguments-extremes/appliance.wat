;; Property: the largest and smallest values of each type pass, and absent ones take one byte.
;; Rule: arguments: "a presence byte (0 or 1; optional arguments without a default may be absent)".
;; Status: 1: another size. 2: other bytes.
(data (i32.const 0)
  "\01\00\00\00\00\00\00\00\80" "\01\ff\ff\ff\ff\ff\ff\ff\7f" "\00"
  "\01\00\00\00\00" "\01\ff\ff\ff\ff" "\01\00\00\00\00\00" "\01\ff\ff\ff\ff\20"
  "\01\00\00\00\00" "\01\04\00\00\00\f0\9f\90\9f" "\00" "\00" "\00")
(func (export "step") (param i64 i32) (result i64)
  (call $check
    (i32.eq (call $arguments (i32.const 1024) (i32.const 60)) (i32.const 58)) (i32.const 1))
  (call $check (call $equal (i32.const 0) (i32.const 1024) (i32.const 58)) (i32.const 2))
  (call $success)
  (unreachable))
