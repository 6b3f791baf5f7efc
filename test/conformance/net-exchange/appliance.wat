;; Property: two domains on one link hear each other, under the addresses that net_info told them.
;; Rule: net_send, net_receive; BOUNDARY: each frame is preceded by a header, "all zero when unused".
;; Status: 1: the header. 2: a frame that nobody sent. 3: four seconds without an answer. 4: not sent.
;; Layout of a frame: header 10, destination 6, source 6, type 0x88b5, then the letter of the sender.
(data (i32.const 10) "\ff\ff\ff\ff\ff\ff" "\00\00\00\00\00\00" "\88\b5" "?")
(global $heard (export "g0") (mut i64) (i64.const 0))
(global $letter (export "g1") (mut i32) (i32.const 0))
(global $next (export "g2") (mut i64) (i64.const 0))
(func (export "step") (param $now i64) (param i32) (result i64) (local $result i32)
  (if (i32.eqz (global.get $letter))
    (then
      (drop (call $arguments (i32.const 1024) (i32.const 64)))
      (global.set $letter (i32.load8_u (i32.const 1025)))
      (call $net_info (i32.const 0) (i32.const 1088))
      (memory.copy (i32.const 16) (i32.const 1096) (i32.const 6))))
  (call $check (i64.lt_s (local.get $now) (i64.const 4000000000)) (i32.const 3))
  (loop $more
    (local.set $result (call $net_receive (i32.const 0) (i32.const 2048) (i32.const 60000)))
    (if (i32.gt_s (local.get $result) (i32.const 0))
      (then
        (call $check (call $all (i32.const 2048) (i32.const 10) (i32.const 0)) (i32.const 1))
        (call $check (i32.eq (local.get $result) (i32.const 74)) (i32.const 2))
        (call $check
          (i32.eq (i32.load8_u (i32.const 2072))
            (i32.sub (i32.const 3) (global.get $letter)))
          (i32.const 2))
        (call $check (i32.eqz (call $equal (i32.const 16) (i32.const 2064) (i32.const 6))) (i32.const 2))
        (if (i64.eqz (global.get $heard)) (then (global.set $heard (local.get $now))))
        (br $more))))
  ;; Whoever has heard goes on for a while, so that the other one hears too.
  (if (i64.ne (global.get $heard) (i64.const 0))
    (then
      (if (i64.gt_s (i64.sub (local.get $now) (global.get $heard)) (i64.const 300000000))
        (then (call $success)))))
  (if (i64.ge_s (local.get $now) (global.get $next))
    (then
      (global.set $next (i64.add (local.get $now) (i64.const 20000000)))
      (i32.store8 (i32.const 24) (global.get $letter))
      (local.set $result (call $net_send (i32.const 0) (i32.const 0) (i32.const 74)))
      (call $check
        (i32.or
          (i64.ne (global.get $heard) (i64.const 0))
          (i32.or (i32.eqz (local.get $result)) (i32.eq (local.get $result) (i32.const -1))))
        (i32.const 4))))
  (global.get $next))
