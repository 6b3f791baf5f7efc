;; Property: the host reads the observation block after the end, also after a trap.
;; Rule: BOUNDARY, Observation: "that the host reads at rest, also after a trap."
;; Status: 0, or a trap.
(data (i32.const 1024) "PHOB" "\03\00\00\00" "\07\00\00\00\00\00\00\00")
(func (export "step") (param i64 i32) (result i64)
  (i64.store (i32.const 1032) (i64.const 12))
  (if (i32.eqz (global.get $case)) (then (call $success)))
  (unreachable))
