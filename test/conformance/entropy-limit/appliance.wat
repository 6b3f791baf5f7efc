;; Property: one call asks for at most ENTROPY_BYTES_MAX bytes.
;; Rule: entropy: "bytes, at most ENTROPY_BYTES_MAX".
;; Status: 1: it returned.
(data (i32.const 0) "\01\04\00\00" "\00\80\00\00" "\ff\ff\ff\ff")
(func (export "step") (param i64 i32) (result i64)
  (call $entropy (i32.const 4096) (i32.const 1024))
  (call $ready)
  (call $entropy (i32.const 4096) (i32.load (i32.shl (global.get $case) (i32.const 2))))
  (call $exit (i32.const 1))
  (unreachable))
