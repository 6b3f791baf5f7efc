;; Property: of a message longer than ABORT_MESSAGE_BYTES_MAX the rest is cut, and nothing else happens.
;; Rule: abort: "cuts it at ABORT_MESSAGE_BYTES_MAX."
;; Status: 1: abort returned.
(func (export "step") (param i64 i32) (result i64)
  (call $ready)
  (memory.fill (i32.const 0) (i32.const 0x71) (i32.const 1024))
  (memory.fill (i32.const 1024) (i32.const 0x7a) (i32.const 60000))
  (call $abort (i32.const 0) (i32.const 0) (i32.const 60000))
  (call $exit (i32.const 1))
  (unreachable))
