;; Property: a header that asks for what was not negotiated, or is not zero where it says nothing, is a
;; guest bug.
;; Rule: net_send: "A header that asks for an offload outside features is a guest bug; unused, all ten
;; bytes MUST be 0."
;; Status: 1: it returned. 2: a frame with a header of zeros was not sent.
(data (i32.const 0)
  "\01\00\00\00\00\00\0e\00\02\00" ;; partial checksum
  "\01\01\36\00\b4\05\22\00\10\00" ;; TCPv4 segment with partial checksum
  "\00\01\36\00\b4\05\00\00\00\00" ;; segment without a checksum
  "\00\05\00\00\00\00\00\00\00\00" ;; a kind of segment that does not exist
  "\80\00\00\00\00\00\00\00\00\00" ;; a flag that does not exist
  "\00\00\01\00\00\00\00\00\00\00" ;; one byte each in a header that is not used
  "\00\00\00\00\01\00\00\00\00\00"
  "\00\00\00\00\00\00\01\00\00\00"
  "\00\00\00\00\00\00\00\00\00\01")
(func (export "step") (param i64 i32) (result i64)
  (memory.fill (i32.const 1024) (i32.const 0) (i32.const 1024))
  (call $check (i32.eqz (call $net_send (i32.const 0) (i32.const 1024) (i32.const 100))) (i32.const 2))
  (call $ready)
  (memory.copy (i32.const 1024) (i32.mul (global.get $case) (i32.const 10)) (i32.const 10))
  (drop (call $net_send (i32.const 0) (i32.const 1024) (i32.const 100)))
  (call $exit (i32.const 1))
  (unreachable))
