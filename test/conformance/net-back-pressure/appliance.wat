;; Property: a link that loses nothing takes a bounded number of bytes, then answers AGAIN, and wakes
;; the domain when there is room; every frame it took arrives.
;; Rule: LIMITS.QUEUE_BYTES_MAX: "bytes the host queues for a device and direction, then AGAIN"; WAKE_UP.
;; Status: 1: two queues' worth of frames was taken in one step. 2: neither 0 nor AGAIN. 3: a frame is
;; missing. 4: not woken to send, or nothing to receive.
(global $sent (export "g0") (mut i32) (i32.const 0))
(global $received (export "g1") (mut i32) (i32.const 0))
(global $full (export "g2") (mut i32) (i32.const 0))
(func (export "step") (param $now i64) (param i32) (result i64) (local $result i32) (local $taken i32)
  (if (i32.lt_u (global.get $full) (i32.const 3))
    (then
      (loop $more
        (memory.fill (i32.const 0) (i32.const 0) (i32.const 1024))
        (i32.store (i32.const 24) (global.get $sent))
        (local.set $result (call $net_send (i32.const 0) (i32.const 0) (i32.const 1024)))
        (if (i32.eqz (local.get $result))
          (then
            (global.set $sent (i32.add (global.get $sent) (i32.const 1)))
            (local.set $taken (i32.add (local.get $taken) (i32.const 1)))
            (call $check (i32.le_u (local.get $taken) (i32.const 2048)) (i32.const 1))
            (br $more))))
      (call $check (i32.eq (local.get $result) (i32.const -1)) (i32.const 2))
      (global.set $full (i32.add (global.get $full) (i32.const 1)))
      ;; Only the second time has anything arrived; then there must be room for more.
      (if (i32.eq (global.get $full) (i32.const 1)) (then (return (i64.const 0x7fffffffffffffff))))))
  (loop $next
    (local.set $result (call $net_receive (i32.const 0) (i32.const 2048) (i32.const 60000)))
    (if (i32.eq (local.get $result) (i32.const 1024))
      (then
        (call $check (i32.eq (i32.load (i32.const 2072)) (global.get $received)) (i32.const 3))
        (global.set $received (i32.add (global.get $received) (i32.const 1)))
        (br $next))))
  (call $check (i32.eq (local.get $result) (i32.const -1)) (i32.const 4))
  (if (i32.and
      (i32.eq (global.get $full) (i32.const 3))
      (i32.eq (global.get $received) (global.get $sent)))
    (then (call $success)))
  (i64.const 0x7fffffffffffffff))
