;; Property: a record or a frame that is not inside the memory ends the domain.
;; Rule: BOUNDARY: guest pointers are checked in every hypercall; a wrong pointer is a guest bug.
;; Status: 1: it returned.
(data (i32.const 0)
  "\00\00\01\00"  ;; right behind the end
  "\f4\ff\00\00"  ;; across the end
  "\f4\ff\ff\ff"  ;; the sum overflows
  "\ff\ff\ff\ff") ;; the last address there is
(func (export "step") (param i64 i32) (result i64) (local $ptr i32) (local $call i32)
  (call $ready)
  (local.set $ptr (i32.load (i32.shl (i32.and (global.get $case) (i32.const 3)) (i32.const 2))))
  (local.set $call (i32.shr_u (global.get $case) (i32.const 2)))
  (if (i32.eqz (local.get $call)) (then (call $net_info (i32.const 0) (local.get $ptr))))
  (if (i32.eq (local.get $call) (i32.const 1))
    (then (drop (call $net_send (i32.const 0) (local.get $ptr) (i32.const 64)))))
  (if (i32.eq (local.get $call) (i32.const 2))
    (then (drop (call $net_receive (i32.const 0) (local.get $ptr) (i32.const 60000)))))
  (call $exit (i32.const 1))
  (unreachable))
