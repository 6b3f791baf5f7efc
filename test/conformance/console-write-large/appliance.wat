;; Property: a write of more than the host queues is accepted in parts: at least one byte, never more
;; than was offered; all of it arrives, in order.
;; Rule: console_write: "It MAY accept fewer bytes than offered, but at least one unless it answers AGAIN."
;; Status: 1: nothing was accepted, but it was not AGAIN. 2: more was accepted than offered.
(global $at (export "g0") (mut i32) (i32.const 65536))
(func (export "init") (local $i i32)
  (local.set $i (i32.const 65536))
  (loop $fill
    (i64.store (local.get $i) (i64.const 0x0a36353433323130)) ;; "0123456" and a line feed
    (local.set $i (i32.add (local.get $i) (i32.const 8)))
    (br_if $fill (i32.lt_u (local.get $i) (i32.const 4259840)))))
(func (export "step") (param i64 i32) (result i64) (local $left i32) (local $accepted i32)
  (loop $more
    (local.set $left (i32.sub (i32.const 4259840) (global.get $at)))
    (if (i32.eqz (local.get $left)) (then (call $exit (i32.const 0))))
    (local.set $accepted (call $console_write (global.get $at) (local.get $left)))
    (if (i32.eq (local.get $accepted) (i32.const -1)) (then (return (i64.const 0x7fffffffffffffff))))
    (call $check (i32.gt_s (local.get $accepted) (i32.const 0)) (i32.const 1))
    (call $check (i32.le_u (local.get $accepted) (local.get $left)) (i32.const 2))
    (global.set $at (i32.add (global.get $at) (local.get $accepted)))
    (br $more))
  (unreachable))
