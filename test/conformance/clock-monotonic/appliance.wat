;; Property: the monotonic clock has the scale of now_ns, never goes back, and is never before the
;; now_ns of the step.
;; Rule: monotonic_clock: "It never goes back, and is never before the now_ns of the current step."
;; Status: 1: before now_ns. 2: gone back. 3: more than ten seconds ahead of now_ns. 4: a step has a
;; now_ns before an earlier reading.
(global $before (export "g0") (mut i64) (i64.const 0))
(global $steps (export "g1") (mut i32) (i32.const 0))
(func (export "step") (param $now i64) (param i32) (result i64) (local $read i64) (local $i i32)
  (call $check (i64.ge_s (local.get $now) (global.get $before)) (i32.const 4))
  (loop $more
    (local.set $read (call $monotonic_clock))
    (call $check (i64.ge_s (local.get $read) (local.get $now)) (i32.const 1))
    (call $check (i64.ge_s (local.get $read) (global.get $before)) (i32.const 2))
    (call $check
      (i64.lt_s (i64.sub (local.get $read) (local.get $now)) (i64.const 10000000000))
      (i32.const 3))
    (global.set $before (local.get $read))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $more (i32.lt_u (local.get $i) (i32.const 1000))))
  (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
  (if (i32.eq (global.get $steps) (i32.const 20)) (then (call $success)))
  (i64.add (local.get $now) (i64.const 1000000)))
