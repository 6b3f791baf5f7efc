;; Property: a domain that ignores the request is ended when the time of grace is over, or when the
;; operator insists.
;; Rule: EVENTS.SHUTDOWN: "after SHUTDOWN_GRACE_NS the host ends it"; BOUNDARY: "a second Ctrl-C forces".
;; Status: none of its own.
(global $started (export "g0") (mut i32) (i32.const 0))
(func (export "step") (param $now i64) (param i32) (result i64)
  (if (i32.eqz (global.get $started)) (then (call $ready)))
  (global.set $started (i32.const 1))
  (i64.add (local.get $now) (i64.const 20000000)))
