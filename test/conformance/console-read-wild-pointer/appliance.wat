;; Property: console_read with a range that is not inside the memory ends the domain.
;; Rule: BOUNDARY: guest pointers are checked in every hypercall; a wrong pointer is a guest bug.
;; Status: 1: it returned.
(data (i32.const 0)
  "\00\00\01\00" "\01\00\00\00"  ;; one byte behind the end
  "\f8\ff\00\00" "\09\00\00\00"  ;; begins inside, ends one byte behind
  "\ff\ff\ff\ff" "\01\00\00\00"  ;; the last address there is
  "\f0\ff\ff\ff" "\20\00\00\00"  ;; the sum overflows 32 bits, and lands inside
  "\01\00\00\00" "\ff\ff\ff\ff") ;; a negative length
(func (export "step") (param i64 i32) (result i64) (local $at i32)
  (call $ready)
  (local.set $at (i32.shl (global.get $case) (i32.const 3)))
  (drop (call $console_read (i32.load (local.get $at)) (i32.load offset=4 (local.get $at))))
  (call $exit (i32.const 1))
  (unreachable))
