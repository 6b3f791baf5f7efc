;; Property: each reading of the monotonic clock is a fresh one: it moves on during a step.
;; Rule: monotonic_clock: "Takes a fresh reading … for measurements."
;; Status: 1: it stood still for a hundred million readings.
(func (export "step") (param $now i64) (param i32) (result i64) (local $first i64) (local $i i32)
  (local.set $first (call $monotonic_clock))
  (loop $more
    (if (i64.gt_s (call $monotonic_clock) (i64.add (local.get $first) (i64.const 1000000)))
      (then (call $success)))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $more (i32.lt_u (local.get $i) (i32.const 100000000))))
  (call $exit (i32.const 1))
  (unreachable))
