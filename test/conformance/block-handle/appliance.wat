;; Property: a handle that is not a block device ends the domain, in every block call.
;; Rule: handle: "index into the devices of the manifest"; a wrong handle is a guest bug.
;; Status: 1: it returned.
(data (i32.const 0) "\00\00\00\00" "\02\00\00\00" "\ff\ff\ff\ff" "\ff\ff\ff\7f") ;; 0 is a net device
(func (export "step") (param i64 i32) (result i64) (local $handle i32)
  (call $ready)
  (local.set $handle
    (i32.load (i32.shl (i32.and (global.get $case) (i32.const 3)) (i32.const 2))))
  (if (i32.eq (i32.shr_u (global.get $case) (i32.const 2)) (i32.const 0))
    (then (call $block_info (local.get $handle) (i32.const 1024))))
  (if (i32.eq (i32.shr_u (global.get $case) (i32.const 2)) (i32.const 1))
    (then (drop (call $block_submit (local.get $handle) (i32.const 0) (i64.const 0)
      (i32.const 1024) (i32.const 1) (i32.const 0)))))
  (if (i32.eq (i32.shr_u (global.get $case) (i32.const 2)) (i32.const 2))
    (then (drop (call $block_complete (local.get $handle) (i32.const 1024)))))
  (call $exit (i32.const 1))
  (unreachable))
