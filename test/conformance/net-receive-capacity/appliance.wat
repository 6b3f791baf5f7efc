;; Property: a buffer into which a frame might not fit is a guest bug, although no frame waits.
;; Rule: net_receive: "capacity MUST be at least 24 + MTU …, whether or not a frame waits."
;; Status: 1: it returned. 2: the smallest capacity that is allowed did not answer AGAIN.
(func (export "step") (param i64 i32) (result i64) (local $smallest i32)
  (call $net_info (i32.const 0) (i32.const 65408))
  (local.set $smallest (i32.add (i32.load (i32.const 65412)) (i32.const 24)))
  (call $check
    (i32.eq (call $net_receive (i32.const 0) (i32.const 0) (local.get $smallest)) (i32.const -1))
    (i32.const 2))
  (call $ready)
  (drop (call $net_receive (i32.const 0) (i32.const 0)
    (select (i32.const 0) (i32.sub (local.get $smallest) (i32.const 1)) (global.get $case))))
  (call $exit (i32.const 1))
  (unreachable))
