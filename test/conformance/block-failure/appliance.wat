;; Property: a request that fails completes with the reason; a read that failed leaves its buffer as it
;; was; a device that is gone takes no further request.
;; Rule: block_complete: "i32 status (0, IO, NOSPACE or GONE)"; ERRORS.
;; Status: 1: the request was refused. 2: another tag. 3: another status. 4: the buffer was written. 5:
;; the next request of a device that is gone is not answered with GONE.
(data (i32.const 0) "\fe\ff\ff\ff" "\fd\ff\ff\ff" "\fa\ff\ff\ff")
(global $state (export "g0") (mut i32) (i32.const 0))
(func $request (result i32)
  (call $block_submit (i32.const 0) (select (i32.const 0) (i32.const 1) (global.get $state))
    (i64.const 0) (i32.const 4096) (i32.const 1) (i32.const 7)))
(func (export "step") (param i64 i32) (result i64) (local $result i32)
  (loop $next
    (if (i32.eqz (i32.and (global.get $state) (i32.const 1)))
      (then
        (memory.fill (i32.const 4096) (i32.const 0xaa) (i32.const 4096))
        (call $check (i32.eqz (call $request)) (i32.const 1))
        (global.set $state (i32.add (global.get $state) (i32.const 1)))))
    (if (call $block_complete (i32.const 0) (i32.const 32))
      (then (return (i64.const 0x7fffffffffffffff))))
    (call $check (i32.eq (i32.load (i32.const 32)) (i32.const 7)) (i32.const 2))
    (call $check
      (i32.eq (i32.load (i32.const 36)) (i32.load (i32.shl (global.get $case) (i32.const 2))))
      (i32.const 3))
    (call $check (call $all (i32.const 4096) (i32.const 4096) (i32.const 0xaa)) (i32.const 4))
    (if (i32.eq (global.get $case) (i32.const 2))
      (then
        (call $check (i32.eq (call $request) (i32.const -6)) (i32.const 5))
        (call $success)))
    (if (i32.eq (global.get $state) (i32.const 3)) (then (call $success)))
    (global.set $state (i32.const 2))
    (br $next))
  (unreachable))
