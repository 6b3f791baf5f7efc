;; Property: a sender whose peer does not receive is held back with AGAIN, and woken when the peer makes
;; room; on a link that loses nothing every frame arrives, in order.
;; Rule: LIMITS.QUEUE_BYTES_MAX; WAKE_UP: AGAIN "arms its handle and direction (… net_send …)".
;; Status: 1: four MiB were taken although nobody received. 2: neither 0 nor AGAIN. 3: a frame is
;; missing. The sender waits for one frame in return before it ends.
(global $frames (export "g0") (mut i32) (i32.const 0))
(global $refused (export "g1") (mut i32) (i32.const 0))
(global $rested (export "g2") (mut i32) (i32.const 0))
(func $send (result i32) (local $result i32)
  (i32.store (i32.const 24) (global.get $frames))
  (local.set $result (call $net_send (i32.const 0) (i32.const 0) (i32.const 1024)))
  (call $check
    (i32.or (i32.eqz (local.get $result)) (i32.eq (local.get $result) (i32.const -1)))
    (i32.const 2))
  (local.get $result))
(func (export "step") (param $now i64) (param i32) (result i64) (local $result i32)
  (drop (call $arguments (i32.const 1024) (i32.const 64)))
  (if (i32.load8_u (i32.const 1025))
    (then
      (loop $more
        (if (i32.lt_u (global.get $frames) (i32.const 4096))
          (then
            (if (call $send)
              (then (global.set $refused (i32.const 1)) (return (i64.const 0x7fffffffffffffff))))
            (global.set $frames (i32.add (global.get $frames) (i32.const 1)))
            (br $more))))
      (call $check (global.get $refused) (i32.const 1))
      (if (i32.lt_s (call $net_receive (i32.const 0) (i32.const 2048) (i32.const 60000)) (i32.const 0))
        (then (return (i64.const 0x7fffffffffffffff))))
      (call $success)))
  ;; The receiver rests for a while first.
  (if (i32.eqz (global.get $rested))
    (then
      (global.set $rested (i32.const 1))
      (return (i64.add (local.get $now) (i64.const 100000000)))))
  (loop $next
    (local.set $result (call $net_receive (i32.const 0) (i32.const 2048) (i32.const 60000)))
    (if (i32.eq (local.get $result) (i32.const -1)) (then (return (i64.const 0x7fffffffffffffff))))
    (call $check (i32.eq (local.get $result) (i32.const 1024)) (i32.const 2))
    (call $check (i32.eq (i32.load (i32.const 2072)) (global.get $frames)) (i32.const 3))
    (global.set $frames (i32.add (global.get $frames) (i32.const 1)))
    (br_if $next (i32.lt_u (global.get $frames) (i32.const 4096))))
  (drop (call $send))
  (call $success)
  (unreachable))
