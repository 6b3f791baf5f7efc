;; Property: a hypercall that makes the domain ready does not step it before its step has returned.
;; Rule: EXPORTS.step: "It never calls it re-entrantly."
;; Status: 1: a step inside a step.
(global $inside (export "g0") (mut i32) (i32.const 0))
(global $steps (export "g1") (mut i32) (i32.const 0))
(func (export "step") (param $now i64) (param i32) (result i64) (local $i i32)
  (call $check (i32.eqz (global.get $inside)) (i32.const 1))
  (global.set $inside (i32.const 1))
  (loop $more
    (drop (call $net_receive (i32.const 0) (i32.const 0) (i32.const 65000)))
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 64))
    (drop (call $net_send (i32.const 0) (i32.const 0) (i32.const 64)))
    (drop (call $block_submit (i32.const 1) (i32.const 1) (i64.const 0) (i32.const 4096)
      (i32.const 1) (i32.const 0)))
    (drop (call $block_complete (i32.const 1) (i32.const 0)))
    (drop (call $console_read (i32.const 0) (i32.const 1)))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $more (i32.lt_u (local.get $i) (i32.const 50))))
  (global.set $inside (i32.const 0))
  (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
  (if (i32.eq (global.get $steps) (i32.const 20)) (then (call $success)))
  (local.get $now))
