;; Property: whatever the console has accepted arrives, however the domain ends, and however late the
;; operator reads.
;; Rule: exit: "The host MUST deliver console bytes that it has accepted before it reports the end."
;; Status: 98: half of what the host may queue was not taken.
(func (export "step") (param i64 i32) (result i64)
  (memory.fill (i32.const 65536) (i32.const 46) (i32.const 524288))
  (call $print (i32.const 65536) (i32.const 524288))
  (if (i32.eq (global.get $case) (i32.const 0)) (then (call $exit (i32.const 0))))
  (if (i32.eq (global.get $case) (i32.const 1))
    (then (call $abort (i32.const 0) (i32.const 0) (i32.const 0))))
  (if (i32.eq (global.get $case) (i32.const 2))
    (then (drop (call $console_write (i32.const -1) (i32.const 1)))))
  (unreachable))
