;; Property: a flush submitted behind writes completes, not before them, and goes well.
;; Rule: block_submit: "A flush covers every write submitted before it".
;; Status: 1: a request was refused. 2: another status than 0. 3: the flush came before a write.
(global $done (export "g0") (mut i32) (i32.const -1))
(func (export "step") (param i64 i32) (result i64)
  (if (i32.eq (global.get $done) (i32.const -1))
    (then
      (call $submit (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 1) (i32.const 1))
      (call $submit (i32.const 1) (i64.const 9) (i32.const 0) (i32.const 1) (i32.const 2))
      (call $submit (i32.const 2) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 3))
      (global.set $done (i32.const 0))))
  (loop $next
    (if (call $block_complete (i32.const 0) (i32.const 8192))
      (then (return (i64.const 0x7fffffffffffffff))))
    (call $check (i32.eqz (i32.load (i32.const 8196))) (i32.const 2))
    (if (i32.eq (i32.load (i32.const 8192)) (i32.const 3))
      (then
        (call $check (i32.eq (global.get $done) (i32.const 2)) (i32.const 3))
        (call $success)))
    (global.set $done (i32.add (global.get $done) (i32.const 1)))
    (br $next))
  (unreachable))
