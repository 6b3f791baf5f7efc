;; Stands behind the preamble in every appliance that has a block device. It uses 64 bytes from 65408.

;; Whether a request has completed: it must be the one with this tag, and have gone well.
;; 95: neither 0 nor AGAIN. 96: another tag. 97: another status than 0.
(func $completed (param $handle i32) (param $tag i32) (result i32) (local $result i32)
  (local.set $result (call $block_complete (local.get $handle) (i32.const 65408)))
  (if (i32.eq (local.get $result) (i32.const -1)) (then (return (i32.const 0))))
  (call $check (i32.eqz (local.get $result)) (i32.const 95))
  (call $check (i32.eq (i32.load (i32.const 65408)) (local.get $tag)) (i32.const 96))
  (call $check (i32.eqz (i32.load (i32.const 65412))) (i32.const 97))
  (i32.const 1))

;; A field of block_info.
(func $disk_sectors (param $handle i32) (result i64)
  (call $block_info (local.get $handle) (i32.const 65424)) (i64.load (i32.const 65424)))
(func $sector_bytes (param $handle i32) (result i32)
  (call $block_info (local.get $handle) (i32.const 65424)) (i32.load (i32.const 65432)))
(func $depth (param $handle i32) (result i32)
  (call $block_info (local.get $handle) (i32.const 65424)) (i32.load (i32.const 65436)))
(func $disk_flags (param $handle i32) (result i32)
  (call $block_info (local.get $handle) (i32.const 65424)) (i32.load (i32.const 65440)))
(func $request_sectors (param $handle i32) (result i32)
  (call $block_info (local.get $handle) (i32.const 65424)) (i32.load (i32.const 65444)))

;; Submits, and must not be refused. 94: it was.
(func $submit (param $operation i32) (param $sector i64) (param $ptr i32) (param $sectors i32)
  (param $tag i32)
  (call $check
    (i32.eqz (call $block_submit (i32.const 0) (local.get $operation) (local.get $sector)
      (local.get $ptr) (local.get $sectors) (local.get $tag)))
    (i32.const 94)))
