;; Property: a read into no room is a guest bug, whether or not there is input, and also after its end.
;; Rule: console_read: capacity is "bytes, at least 1".
;; Status: 1: it returned.
(func (export "step") (param i64 i32) (result i64)
  (call $ready)
  (if (i32.eq (global.get $case) (i32.const 2))
    (then
      (drop (call $console_read (i32.const 0) (i32.const 64)))
      (drop (call $console_read (i32.const 0) (i32.const 64)))))
  (drop (call $console_read (i32.const 0) (i32.const 0)))
  (call $exit (i32.const 1))
  (unreachable))
