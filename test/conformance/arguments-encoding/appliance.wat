;; Property: boot arguments are encoded byte for byte as the specification says, every type of them.
;; Rule: arguments: "The encoding is the values in the order of the manifest, little-endian, …".
;; Status: 1: another size. 2: other bytes. 3: bytes behind them were written. 4: capacity 0 wrote
;; something. 5: the answer has changed.
(data (i32.const 0)
  "\01\fe\ff\ff\ff\ff\ff\ff\ff"         ;; integer -2
  "\01\00\2f\68\59\00\00\00\00"         ;; duration 1.5 s in nanoseconds
  "\01\00\00\01\00\00\00\00\00"         ;; size 64 KiB
  "\01\01" "\01\00"                     ;; boolean true, false
  "\01\0a\00\02\0f"                     ;; ipv4 10.0.2.15
  "\01\c0\a8\01\02\18"                  ;; cidr 192.168.1.2/24
  "\01\06\00\00\00gr\c3\bc\c3\9f"       ;; string grüß
  "\01\04\00\00\00fast"                 ;; enumeration
  "\01\07\00\00\00hunter2"              ;; secret
  "\00")                                ;; absent
(func (export "step") (param i64 i32) (result i64) (local $i i32)
  (memory.fill (i32.const 1024) (i32.const 0xaa) (i32.const 1024))
  (call $check (i32.eq (call $arguments (i32.const 1024) (i32.const 0)) (i32.const 75)) (i32.const 1))
  (call $check (call $all (i32.const 1024) (i32.const 1024) (i32.const 0xaa)) (i32.const 4))
  (loop $again
    (memory.fill (i32.const 1024) (i32.const 0xaa) (i32.const 1024))
    (call $check
      (i32.eq
        (call $arguments (i32.const 1024) (i32.add (i32.const 75) (local.get $i)))
        (i32.const 75))
      (select (i32.const 5) (i32.const 1) (local.get $i)))
    (call $check (call $equal (i32.const 0) (i32.const 1024) (i32.const 75)) (i32.const 2))
    (call $check (call $all (i32.const 1099) (i32.const 100) (i32.const 0xaa)) (i32.const 3))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get $i) (i32.const 20))))
  (call $success)
  (unreachable))
