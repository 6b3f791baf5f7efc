;; Property: a capacity of 0 asks for the size; one that is too small, but not 0, is a guest bug.
;; Rule: arguments: "With capacity 0 it writes nothing and only returns the size; any other capacity
;; below the size is a guest bug."
;; Status: 1: another size. 2: a capacity that was too small returned.
(func (export "step") (param i64 i32) (result i64)
  (call $check (i32.eq (call $arguments (i32.const 0) (i32.const 0)) (i32.const 9)) (i32.const 1))
  (call $check (i32.eq (call $arguments (i32.const 0) (i32.const 9)) (i32.const 9)) (i32.const 1))
  (call $ready)
  (drop (call $arguments (i32.const 0)
    (select (i32.const 8) (i32.const 1) (i32.eqz (global.get $case)))))
  (call $exit (i32.const 2))
  (unreachable))
