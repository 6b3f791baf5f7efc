;; Property: entropy fills exactly the range it is given, all of it, with bytes that do not repeat.
;; Rule: entropy: "The bytes come from the operating system's generator and are never repeated."
;; Status: 1: eight bytes in a row are zero. 2: a byte before or behind the range has changed. 3: two
;; calls gave the same sixteen bytes. 4: length 0 changed something.
(func (export "step") (param i64 i32) (result i64) (local $at i32) (local $other i32)
  (memory.fill (i32.const 0) (i32.const 0xaa) (i32.const 4096))
  (call $entropy (i32.const 512) (i32.const 0))
  (call $check (call $all (i32.const 0) (i32.const 4096) (i32.const 0xaa)) (i32.const 4))
  (memory.fill (i32.const 1000) (i32.const 0) (i32.const 2048))
  (call $entropy (i32.const 1000) (i32.const 1024))
  (call $entropy (i32.const 2024) (i32.const 1024))
  (call $check (call $all (i32.const 0) (i32.const 1000) (i32.const 0xaa)) (i32.const 2))
  (call $check (call $all (i32.const 3048) (i32.const 1048) (i32.const 0xaa)) (i32.const 2))
  (local.set $at (i32.const 1000))
  (loop $next
    (call $check (i64.ne (i64.load (local.get $at)) (i64.const 0)) (i32.const 1))
    (local.set $other (i32.add (local.get $at) (i32.const 16)))
    (loop $compare
      (if (i32.lt_u (local.get $other) (i32.const 3032))
        (then
          (call $check
            (i32.eqz (call $equal (local.get $at) (local.get $other) (i32.const 16)))
            (i32.const 3))
          (local.set $other (i32.add (local.get $other) (i32.const 16)))
          (br $compare))))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $next (i32.lt_u (local.get $at) (i32.const 3040))))
  (call $success)
  (unreachable))
