;; Property: the last sector can be used; beyond it every request answers RANGE, however large the
;; number, and has no completion.
;; Rule: ERRORS.RANGE; block_submit: "A request that was refused here has no completion."
;; Status: 1: one beyond the end. 2: across the end. 3: 2^63. 4: 2^64 - 1. 5: write. 6: discard. 7: a
;; completion without a request.
(global $state (export "g0") (mut i32) (i32.const 0))
(func $refused (param $operation i32) (param $sector i64) (param $sectors i32) (param $status i32)
  (call $check
    (i32.eq
      (call $block_submit (i32.const 0) (local.get $operation) (local.get $sector) (i32.const 0)
        (local.get $sectors) (i32.const 1))
      (i32.const -5))
    (local.get $status)))
(func (export "step") (param i64 i32) (result i64) (local $end i64)
  (local.set $end (call $disk_sectors (i32.const 0)))
  (if (i32.eqz (global.get $state))
    (then
      (call $refused (i32.const 0) (local.get $end) (i32.const 1) (i32.const 1))
      (call $refused (i32.const 0) (i64.sub (local.get $end) (i64.const 1)) (i32.const 2)
        (i32.const 2))
      (call $refused (i32.const 0) (i64.const 0x8000000000000000) (i32.const 1) (i32.const 3))
      (call $refused (i32.const 0) (i64.const -1) (i32.const 1) (i32.const 4))
      (call $refused (i32.const 1) (local.get $end) (i32.const 1) (i32.const 5))
      (call $refused (i32.const 3) (local.get $end) (i32.const 1) (i32.const 6))
      (call $check
        (i32.eq (call $block_complete (i32.const 0) (i32.const 65408)) (i32.const -1))
        (i32.const 7))
      (call $submit (i32.const 0) (i64.sub (local.get $end) (i64.const 1)) (i32.const 0)
        (i32.const 1) (i32.const 9))
      (global.set $state (i32.const 1))))
  (if (i32.eqz (call $completed (i32.const 0) (i32.const 9)))
    (then (return (i64.const 0x7fffffffffffffff))))
  (call $success)
  (unreachable))
