;; Property: a completion carries the tag of its request, whatever number it is.
;; Rule: block_submit: tag is "any number; the completion carries it".
;; Status: 94 to 97 of the preamble.
(data (i32.const 0) "\00\00\00\00" "\ff\ff\ff\ff" "\00\00\00\80" "\ff\ff\ff\7f" "\78\56\34\12")
(global $at (export "g0") (mut i32) (i32.const 0))
(global $waiting (export "g1") (mut i32) (i32.const 0))
(func (export "step") (param i64 i32) (result i64)
  (loop $next
    (if (i32.eq (global.get $at) (i32.const 20)) (then (call $success)))
    (if (i32.eqz (global.get $waiting))
      (then
        (call $submit (i32.const 0) (i64.const 0) (i32.const 4096) (i32.const 1)
          (i32.load (global.get $at)))
        (global.set $waiting (i32.const 1))))
    (if (i32.eqz (call $completed (i32.const 0) (i32.load (global.get $at))))
      (then (return (i64.const 0x7fffffffffffffff))))
    (global.set $waiting (i32.const 0))
    (global.set $at (i32.add (global.get $at) (i32.const 4)))
    (br $next))
  (unreachable))
