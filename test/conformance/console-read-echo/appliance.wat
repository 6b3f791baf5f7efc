;; Property: input arrives unchanged and in order, every byte value, however much it is and however
;; little is asked for; no byte lands beyond the capacity.
;; Rule: console_read: "bytes read, 0 at end of input, or an error".
;; Status: 1: a result that is neither a count up to the capacity nor AGAIN. 2: a byte was written
;; beyond what was read.
(global $pending (export "g0") (mut i32) (i32.const 0))
(global $from (export "g1") (mut i32) (i32.const 0))
(func (export "step") (param i64 i32) (result i64) (local $bytes i32) (local $capacity i32)
  (local.set $capacity (select (i32.const 1) (i32.const 30000) (i32.eqz (global.get $case))))
  (loop $more
    (if (global.get $pending)
      (then
        (local.set $bytes (call $console_write (global.get $from) (global.get $pending)))
        (if (i32.lt_s (local.get $bytes) (i32.const 0))
          (then (return (i64.const 0x7fffffffffffffff))))
        (global.set $from (i32.add (global.get $from) (local.get $bytes)))
        (global.set $pending (i32.sub (global.get $pending) (local.get $bytes)))
        (br $more)))
    (memory.fill (i32.const 0) (i32.const 0xaa) (i32.const 65504))
    (local.set $bytes (call $console_read (i32.const 16) (local.get $capacity)))
    (if (i32.eq (local.get $bytes) (i32.const -1)) (then (return (i64.const 0x7fffffffffffffff))))
    (if (i32.eqz (local.get $bytes)) (then (call $exit (i32.const 0))))
    (call $check (i32.gt_s (local.get $bytes) (i32.const 0)) (i32.const 1))
    (call $check (i32.le_u (local.get $bytes) (local.get $capacity)) (i32.const 1))
    (call $check
      (i32.eq (i32.load8_u (i32.add (i32.const 16) (local.get $bytes))) (i32.const 0xaa))
      (i32.const 2))
    (call $check (i32.eq (i32.load8_u (i32.const 15)) (i32.const 0xaa)) (i32.const 2))
    (global.set $from (i32.const 16))
    (global.set $pending (local.get $bytes))
    (br $more))
  (unreachable))
