;; Property: exactly as many requests as the depth may be in flight, then AGAIN; all of them complete,
;; each once, and there is room again.
;; Rule: block_submit: "AGAIN when depth requests are in flight."
;; Status: 1: refused before the depth. 2: accepted beyond it. 3: a completion too many, or twice. 4:
;; another status. 5: no room although all have completed.
(global $done (export "g0") (mut i32) (i32.const -1))
(func (export "step") (param i64 i32) (result i64) (local $i i32) (local $result i32) (local $at i32)
  (if (i32.eq (global.get $done) (i32.const -1))
    (then
      (loop $more
        (call $check
          (i32.eqz (call $block_submit (i32.const 0) (i32.const 0) (i64.extend_i32_u (local.get $i))
            (i32.const 16384) (i32.const 1) (local.get $i)))
          (i32.const 1))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $i) (call $depth (i32.const 0)))))
      (call $check
        (i32.eq (call $block_submit (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 16384)
          (i32.const 1) (i32.const 0)) (i32.const -1))
        (i32.const 2))
      (global.set $done (i32.const 0))))
  (loop $next
    (local.set $result (call $block_complete (i32.const 0) (i32.const 32)))
    (if (i32.eq (local.get $result) (i32.const -1)) (then (return (i64.const 0x7fffffffffffffff))))
    (call $check (i32.eqz (i32.load (i32.const 36))) (i32.const 4))
    (call $check (i32.lt_u (i32.load (i32.const 32)) (call $depth (i32.const 0))) (i32.const 3))
    (local.set $at (i32.add (i32.const 1024) (i32.load (i32.const 32))))
    (call $check (i32.eqz (i32.load8_u (local.get $at))) (i32.const 3))
    (i32.store8 (local.get $at) (i32.const 1))
    (global.set $done (i32.add (global.get $done) (i32.const 1)))
    (br_if $next (i32.lt_u (global.get $done) (call $depth (i32.const 0)))))
  (call $check (i32.eq (call $block_complete (i32.const 0) (i32.const 32)) (i32.const -1)) (i32.const 3))
  (call $check
    (i32.eqz (call $block_submit (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 16384)
      (i32.const 1) (i32.const 0)))
    (i32.const 5))
  (call $success)
  (unreachable))
