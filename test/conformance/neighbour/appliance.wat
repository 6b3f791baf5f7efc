;; Property: a domain that ends badly does not disturb its neighbour.
;; Rule: BOUNDARY: "A hypercall changes only its own domain's state".
;; Status: 1: the neighbour was stepped too late.
(global $end (export "g0") (mut i64) (i64.const 0))
(func (export "step") (param $now i64) (param i32) (result i64)
  (drop (call $arguments (i32.const 0) (i32.const 64)))
  (if (i64.eqz (global.get $end))
    (then
      (call $ready)
      (if (i64.eqz (i64.load (i32.const 1))) (then (unreachable)))
      (global.set $end (i64.add (local.get $now) (i64.const 200000000)))))
  (if (i64.ge_s (local.get $now) (global.get $end)) (then (call $success)))
  (i64.add (local.get $now) (i64.const 10000000)))
