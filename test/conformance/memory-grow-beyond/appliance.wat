;; Property: growth beyond the declared maximum fails, and changes nothing.
;; Rule: SEAL: the memory's maximum equals the manifest's.
;; Status: 1: it succeeded. 2: the memory has another size.
(func (export "step") (param i64 i32) (result i64)
  (call $check (i32.eq (memory.grow (i32.const 2)) (i32.const -1)) (i32.const 1))
  (call $check (i32.eq (memory.grow (i32.const 1)) (i32.const 1)) (i32.const 2))
  (call $check (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (i32.const 1))
  (call $check (i32.eq (memory.grow (i32.const 0x10000)) (i32.const -1)) (i32.const 1))
  (call $check (i32.eq (memory.size) (i32.const 2)) (i32.const 2))
  (call $success)
  (unreachable))
