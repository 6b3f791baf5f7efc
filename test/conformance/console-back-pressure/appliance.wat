;; Property: when the operator does not read, the host takes a bounded number of bytes and then answers
;; AGAIN; once he reads, the domain is woken, and nothing is missing.
;; Rule: LIMITS.QUEUE_BYTES_MAX (and half a MiB for what lies beyond the host, such as a pipe); WAKE_UP.
;; Status: 1: never AGAIN. 2: more than the host may queue was accepted before the first AGAIN.
(global $at (export "g0") (mut i32) (i32.const 0))
(global $refused (export "g1") (mut i32) (i32.const 0))
(func (export "step") (param i64 i32) (result i64) (local $accepted i32)
  (memory.fill (i32.const 65536) (i32.const 46) (i32.const 65536))
  (loop $more
    (if (i32.eq (global.get $at) (i32.const 2097152))
      (then
        (call $check (global.get $refused) (i32.const 1))
        (call $exit (i32.const 0))))
    (local.set $accepted (call $console_write (i32.const 65536)
      (select (i32.const 65536) (i32.sub (i32.const 2097152) (global.get $at))
        (i32.le_u (global.get $at) (i32.const 2031616)))))
    (if (i32.lt_s (local.get $accepted) (i32.const 0))
      (then
        (call $check
          (i32.or (global.get $refused) (i32.le_u (global.get $at) (i32.const 1572864)))
          (i32.const 2))
        (global.set $refused (i32.const 1))
        (return (i64.const 0x7fffffffffffffff))))
    (global.set $at (i32.add (global.get $at) (local.get $accepted)))
    (br $more))
  (unreachable))
