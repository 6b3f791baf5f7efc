;; Property: frames of every size the link allows arrive whole and in order, each with a header of
;; zeros, and the buffer of a frame is free when net_send returns.
;; Rule: net_send: "The host copies or writes the frame before it returns."; "length is at least 24 and
;; at most 24 + MTU".
;; Status: 1: not sent. 2: neither a frame nor AGAIN. 3: another size. 4: the header. 5: the content. 6:
;; a byte behind the frame was written.
(global $sent (export "g0") (mut i32) (i32.const 24))
(global $received (export "g1") (mut i32) (i32.const 24))
(func $largest (result i32)
  (call $net_info (i32.const 0) (i32.const 65408))
  (i32.add (i32.load (i32.const 65412)) (i32.const 24)))
(func (export "step") (param i64 i32) (result i64) (local $largest i32) (local $result i32)
  (local.set $largest (call $largest))
  (loop $more
    (if (i32.le_u (global.get $sent) (local.get $largest))
      (then
        (memory.fill (i32.const 0) (i32.const 0) (i32.const 10))
        (memory.fill (i32.const 10) (i32.and (global.get $sent) (i32.const 0xff))
          (i32.sub (global.get $sent) (i32.const 10)))
        (local.set $result (call $net_send (i32.const 0) (i32.const 0) (global.get $sent)))
        (memory.fill (i32.const 0) (i32.const 0xaa) (global.get $sent))
        (if (i32.ne (local.get $result) (i32.const -1))
          (then
            (call $check (i32.eqz (local.get $result)) (i32.const 1))
            (global.set $sent (i32.add (global.get $sent) (i32.const 1)))))))
    (memory.fill (i32.const 131072) (i32.const 0xbb) (i32.const 65600))
    (local.set $result (call $net_receive (i32.const 0) (i32.const 131072) (i32.const 65559)))
    (if (i32.eq (local.get $result) (i32.const -1))
      (then
        ;; Half of what the host may queue is on its way at most.
        (br_if $more
          (i32.and
            (i32.le_u (global.get $sent) (local.get $largest))
            (i32.lt_u (i32.sub (global.get $sent) (global.get $received)) (i32.const 50))))
        (return (i64.const 0x7fffffffffffffff))))
    (call $check (i32.gt_s (local.get $result) (i32.const 0)) (i32.const 2))
    (call $check (i32.eq (local.get $result) (global.get $received)) (i32.const 3))
    (call $check (call $all (i32.const 131072) (i32.const 10) (i32.const 0)) (i32.const 4))
    (call $check
      (call $all (i32.const 131082) (i32.sub (local.get $result) (i32.const 10))
        (i32.and (global.get $received) (i32.const 0xff)))
      (i32.const 5))
    (call $check
      (call $all (i32.add (i32.const 131072) (local.get $result)) (i32.const 16) (i32.const 0xbb))
      (i32.const 6))
    (global.set $received (i32.add (global.get $received) (i32.const 1)))
    (if (i32.gt_u (global.get $received) (local.get $largest)) (then (call $success)))
    (br $more))
  (unreachable))
