;; Property: a frame shorter than its headers or longer than the link allows is a guest bug.
;; Rule: net_send: "length is at least 24 and at most 24 + MTU".
;; Status: 1: it returned.
(func $try (param $length i32)
  (drop (call $net_send (i32.const 0) (i32.const 131072) (local.get $length)))
  (call $exit (i32.const 1)))
(func (export "step") (param i64 i32) (result i64) (local $largest i32)
  (call $ready)
  (call $net_info (i32.const 0) (i32.const 65408))
  (local.set $largest (i32.add (i32.load (i32.const 65412)) (i32.const 24)))
  (block $5 (block $4 (block $3 (block $2 (block $1
    (br_table $1 $2 $3 $4 $5 (global.get $case)))
    (call $try (i32.const 0)))
    (call $try (i32.const 23)))
    (call $try (i32.add (local.get $largest) (i32.const 1))))
    (call $try (i32.const 65560)))
    (call $try (i32.const -1))
  (unreachable))
