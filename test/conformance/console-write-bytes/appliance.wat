;; Property: every byte value passes unchanged, also one byte at a time and from the last address.
;; Rule: console_write: "Accepted bytes are delivered in order."
;; Status: 98 and 99 of the preamble.
(func (export "step") (param i64 i32) (result i64) (local $i i32)
  (loop $next
    (i32.store8 (local.get $i) (local.get $i))
    (i32.store8 (i32.const 65535) (local.get $i))
    (call $print (i32.const 65535) (i32.const 1))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $next (i32.lt_u (local.get $i) (i32.const 256))))
  (call $print (i32.const 0) (i32.const 256))
  (call $exit (i32.const 0))
  (unreachable))
