;; Property: a request that no disk could carry out is a guest bug.
;; Rule: BLOCK_OPERATIONS; block_submit: "sectors is at least 1 for READ, WRITE and DISCARD, and at most
;; what block_info says."
;; Status: 1: it returned.
(func $try (param $operation i32) (param $sector i64) (param $ptr i32) (param $sectors i32)
  (drop (call $block_submit (i32.const 0) (local.get $operation) (local.get $sector)
    (local.get $ptr) (local.get $sectors) (i32.const 1)))
  (call $exit (i32.const 1)))
(func (export "step") (param i64 i32) (result i64) (local $more i32)
  (call $ready)
  (local.set $more (i32.add (call $request_sectors (i32.const 0)) (i32.const 1)))
  (block $13 (block $12 (block $11 (block $10 (block $9 (block $8 (block $7 (block $6 (block $5
  (block $4 (block $3 (block $2 (block $1
    (br_table $1 $2 $3 $4 $5 $6 $7 $8 $9 $10 $11 $12 $13 (global.get $case)))
    (call $try (i32.const 4) (i64.const 0) (i32.const 0) (i32.const 1)))
    (call $try (i32.const -1) (i64.const 0) (i32.const 0) (i32.const 1)))
    (call $try (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0)))
    (call $try (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 0)))
    (call $try (i32.const 3) (i64.const 0) (i32.const 0) (i32.const 0)))
    (call $try (i32.const 0) (i64.const 0) (i32.const 0) (i32.const -1)))
    (call $try (i32.const 0) (i64.const 0) (i32.const 0) (local.get $more)))
    (call $try (i32.const 1) (i64.const 0) (i32.const 0) (local.get $more)))
    (call $try (i32.const 3) (i64.const 0) (i32.const 0) (local.get $more)))
    (call $try (i32.const 2) (i64.const 1) (i32.const 0) (i32.const 0)))
    (call $try (i32.const 2) (i64.const 0) (i32.const 8) (i32.const 0)))
    (call $try (i32.const 2) (i64.const 0) (i32.const 0) (i32.const 1)))
    (call $try (i32.const 3) (i64.const 0) (i32.const 8) (i32.const 1))
  (unreachable))
