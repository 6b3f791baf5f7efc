;; XXH64: Collet, xxHash fast digest algorithm, specification 0.1.1, section "XXH64 algorithm description".
;; The bytes in xxh64-code.ts are made from this text: see xxh64-code.test.ts.
(module
  (memory (export "memory") 1)

  ;; round(accumulator, lane): step 2 of the specification
  (func $round (param $acc i64) (param $lane i64) (result i64)
    local.get $acc
    local.get $lane
    i64.const 0xC2B2AE3D27D4EB4F
    i64.mul
    i64.add
    i64.const 31
    i64.rotl
    i64.const 0x9E3779B185EBCA87
    i64.mul)

  ;; mergeAccumulator(hash, accumulator): step 3
  (func $merge (param $hash i64) (param $acc i64) (result i64)
    local.get $hash
    i64.const 0
    local.get $acc
    call $round
    i64.xor
    i64.const 0x9E3779B185EBCA87
    i64.mul
    i64.const 0x85EBCA77C2B2AE63
    i64.add)

  (func (export "xxh64") (param $at i32) (param $bytes i32) (param $seed i64) (result i64)
    (local $end i32)
    (local $a i64) (local $b i64) (local $c i64) (local $d i64)
    (local $hash i64)
    (local.set $end (i32.add (local.get $at) (local.get $bytes)))
    (if (i32.ge_u (local.get $bytes) (i32.const 32))
      (then
        (local.set $a (i64.add (local.get $seed) (i64.const 0x60EA27EEADC0B5D6))) ;; PRIME64_1 + PRIME64_2
        (local.set $b (i64.add (local.get $seed) (i64.const 0xC2B2AE3D27D4EB4F)))
        (local.set $c (local.get $seed))
        (local.set $d (i64.sub (local.get $seed) (i64.const 0x9E3779B185EBCA87)))
        (loop $stripe
          (local.set $a (call $round (local.get $a) (i64.load (local.get $at))))
          (local.set $b (call $round (local.get $b) (i64.load offset=8 (local.get $at))))
          (local.set $c (call $round (local.get $c) (i64.load offset=16 (local.get $at))))
          (local.set $d (call $round (local.get $d) (i64.load offset=24 (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (br_if $stripe
            (i32.ge_u (i32.sub (local.get $end) (local.get $at)) (i32.const 32))))
        (local.set $hash
          (i64.add
            (i64.add
              (i64.rotl (local.get $a) (i64.const 1))
              (i64.rotl (local.get $b) (i64.const 7)))
            (i64.add
              (i64.rotl (local.get $c) (i64.const 12))
              (i64.rotl (local.get $d) (i64.const 18)))))
        (local.set $hash (call $merge (local.get $hash) (local.get $a)))
        (local.set $hash (call $merge (local.get $hash) (local.get $b)))
        (local.set $hash (call $merge (local.get $hash) (local.get $c)))
        (local.set $hash (call $merge (local.get $hash) (local.get $d))))
      (else
        (local.set $hash (i64.add (local.get $seed) (i64.const 0x27D4EB2F165667C5)))))
    ;; step 4
    (local.set $hash (i64.add (local.get $hash) (i64.extend_i32_u (local.get $bytes))))
    ;; step 5: what is left, 8, 4 and 1 bytes at a time
    (block $done8
      (loop $each8
        (br_if $done8
          (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 8)))
        (local.set $hash
          (i64.add
            (i64.mul
              (i64.rotl
                (i64.xor
                  (local.get $hash)
                  (call $round (i64.const 0) (i64.load (local.get $at))))
                (i64.const 27))
              (i64.const 0x9E3779B185EBCA87))
            (i64.const 0x85EBCA77C2B2AE63)))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $each8)))
    (if (i32.ge_u (i32.sub (local.get $end) (local.get $at)) (i32.const 4))
      (then
        (local.set $hash
          (i64.add
            (i64.mul
              (i64.rotl
                (i64.xor
                  (local.get $hash)
                  (i64.mul
                    (i64.load32_u (local.get $at))
                    (i64.const 0x9E3779B185EBCA87)))
                (i64.const 23))
              (i64.const 0xC2B2AE3D27D4EB4F))
            (i64.const 0x165667B19E3779F9)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))))
    (block $done1
      (loop $each1
        (br_if $done1 (i32.eq (local.get $at) (local.get $end)))
        (local.set $hash
          (i64.mul
            (i64.rotl
              (i64.xor
                (local.get $hash)
                (i64.mul
                  (i64.load8_u (local.get $at))
                  (i64.const 0x27D4EB2F165667C5)))
              (i64.const 11))
            (i64.const 0x9E3779B185EBCA87)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $each1)))
    ;; step 6
    (local.set $hash
      (i64.mul
        (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 33)))
        (i64.const 0xC2B2AE3D27D4EB4F)))
    (local.set $hash
      (i64.mul
        (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 29)))
        (i64.const 0x165667B19E3779F9)))
    (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 32)))))
