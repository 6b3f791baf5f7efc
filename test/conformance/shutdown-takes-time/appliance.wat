;; Property: after the request the domain still has time, and its devices, to end in order.
;; Rule: EVENTS.SHUTDOWN: "after SHUTDOWN_GRACE_NS the host ends it".
;; Status: 7, of its own will, a second later.
(global $end (export "g0") (mut i64) (i64.const -1))
(func (export "step") (param $now i64) (param $events i32) (result i64)
  (if (i64.eq (global.get $end) (i64.const -1))
    (then (call $ready) (global.set $end (i64.const 0))))
  (if (i32.eqz (local.get $events)) (then (return (i64.const 0x7fffffffffffffff))))
  (if (i64.eqz (global.get $end))
    (then (global.set $end (i64.add (local.get $now) (i64.const 1000000000)))))
  (if (i64.ge_s (local.get $now) (global.get $end))
    (then (call $print (i32.const 65520) (i32.const 8)) (call $exit (i32.const 7))))
  (global.get $end))
