;; Property: the wall clock counts nanoseconds since 1970, and tells a time in this century.
;; Rule: wall_clock: "nanoseconds since 1970-01-01T00:00:00Z".
;; Status: 1: before 2020. 2: after 2100.
(func (export "step") (param i64 i32) (result i64) (local $wall i64)
  (local.set $wall (call $wall_clock))
  (call $check (i64.gt_s (local.get $wall) (i64.const 1577836800000000000)) (i32.const 1))
  (call $check (i64.lt_s (local.get $wall) (i64.const 4102444800000000000)) (i32.const 2))
  (call $success)
  (unreachable))
