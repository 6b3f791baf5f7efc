;; Property: without a request in flight there is no completion: AGAIN, and nothing is written.
;; Rule: block_complete: AGAIN.
;; Status: 1: another answer. 2: the record was written.
(func (export "step") (param i64 i32) (result i64)
  (i64.store (i32.const 32) (i64.const 0x1122334455667788))
  (call $check (i32.eq (call $block_complete (i32.const 0) (i32.const 32)) (i32.const -1)) (i32.const 1))
  (call $check (i64.eq (i64.load (i32.const 32)) (i64.const 0x1122334455667788)) (i32.const 2))
  (call $success)
  (unreachable))
