;; Property: SHUTDOWN wakes a domain that rests, and is set on every step from then on; no other bit is
;; set at a first boot.
;; Rule: EVENTS.SHUTDOWN: "set on every step from then on"; EVENTS.COPY.
;; Status: 1: an event before the request. 2: the bit has gone away again. 3: another bit.
(global $seen (export "g0") (mut i32) (i32.const 0))
(global $started (export "g1") (mut i32) (i32.const 0))
(func (export "step") (param $now i64) (param $events i32) (result i64)
  (call $check (i32.eqz (i32.and (local.get $events) (i32.const -2))) (i32.const 3))
  (if (i32.eqz (global.get $started))
    (then
      (call $check (i32.eqz (local.get $events)) (i32.const 1))
      (global.set $started (i32.const 1))
      (call $ready)))
  (if (i32.eqz (local.get $events))
    (then
      (call $check (i32.eqz (global.get $seen)) (i32.const 2))
      (return (i64.const 0x7fffffffffffffff))))
  (global.set $seen (i32.add (global.get $seen) (i32.const 1)))
  (if (i32.eq (global.get $seen) (i32.const 10)) (then (call $success)))
  (i64.add (local.get $now) (i64.const 5000000)))
