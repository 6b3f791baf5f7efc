;; Property: growth to the declared maximum succeeds, and a hypercall of the same step may already use
;; the new pages.
;; Rule: EXPORTS.memory: "Growth to the declared maximum always succeeds or ends the domain."
;; Status: 1: memory.grow failed. 2: the memory has another size. 3: the bytes did not arrive.
(func (export "step") (param i64 i32) (result i64) (local $page i32) (local $last i32)
  (local.set $page (i32.const 1))
  (loop $next
    (call $check (i32.eq (memory.grow (i32.const 1)) (local.get $page)) (i32.const 1))
    (local.set $page (i32.add (local.get $page) (i32.const 1)))
    (local.set $last (i32.sub (i32.shl (local.get $page) (i32.const 16)) (i32.const 8)))
    (call $entropy (local.get $last) (i32.const 8))
    (call $check (i64.ne (i64.load (local.get $last)) (i64.const 0)) (i32.const 3))
    (i64.store (local.get $last) (i64.load (i32.const 65520)))
    (call $print (local.get $last) (i32.const 8))
    (br_if $next (i32.lt_u (local.get $page) (i32.const 9))))
  (call $check (i32.eq (memory.size) (i32.const 9)) (i32.const 2))
  (call $exit (i32.const 0))
  (unreachable))
