;; Stands in front of every appliance that has a console, after its imports and its memory. It keeps
;; the last 32 bytes of the first page. Status 98 and 99 belong to it.
(data (i32.const 65504) "READY\0a")
(data (i32.const 65520) "SUCCESS\0a")

;; Ends with `status` unless `ok`.
(func $check (param $ok i32) (param $status i32)
  (if (i32.eqz (local.get $ok)) (then (call $exit (local.get $status)))))

;; Writes a short text. 98: the console did not take it. 99: it took more than it was offered.
(func $print (param $ptr i32) (param $length i32) (local $accepted i32)
  (loop $more
    (if (i32.eqz (local.get $length)) (then (return)))
    (local.set $accepted (call $console_write (local.get $ptr) (local.get $length)))
    (call $check (i32.gt_s (local.get $accepted) (i32.const 0)) (i32.const 98))
    (call $check (i32.le_u (local.get $accepted) (local.get $length)) (i32.const 99))
    (local.set $ptr (i32.add (local.get $ptr) (local.get $accepted)))
    (local.set $length (i32.sub (local.get $length) (local.get $accepted)))
    (br $more)))

(func $ready (call $print (i32.const 65504) (i32.const 6)))

(func $success
  (call $print (i32.const 65520) (i32.const 8))
  (call $exit (i32.const 0)))

;; Whether all bytes of a range are `byte`.
(func $all (param $ptr i32) (param $length i32) (param $byte i32) (result i32)
  (loop $next
    (if (i32.eqz (local.get $length)) (then (return (i32.const 1))))
    (if (i32.ne (i32.load8_u (local.get $ptr)) (local.get $byte)) (then (return (i32.const 0))))
    (local.set $ptr (i32.add (local.get $ptr) (i32.const 1)))
    (local.set $length (i32.sub (local.get $length) (i32.const 1)))
    (br $next))
  (unreachable))

;; Whether two ranges hold the same bytes.
(func $equal (param $a i32) (param $b i32) (param $length i32) (result i32)
  (loop $next
    (if (i32.eqz (local.get $length)) (then (return (i32.const 1))))
    (if (i32.ne (i32.load8_u (local.get $a)) (i32.load8_u (local.get $b)))
      (then (return (i32.const 0))))
    (local.set $a (i32.add (local.get $a) (i32.const 1)))
    (local.set $b (i32.add (local.get $b) (i32.const 1)))
    (local.set $length (i32.sub (local.get $length) (i32.const 1)))
    (br $next))
  (unreachable))
