// tap-run.mjs IF: an image by hand that answers ARP and echoes UDP, on a tap. Ends when standard input
// does, and prints JSON.
import { Domain, Image, openNet } from "@phantasm/host";
import { sealWat } from "./wat-image.mjs";

const [name] = process.argv.slice(2);
const MAC = "\\02\\00\\00\\00\\00\\02";
const IP = "\\0a\\00\\00\\02";
// A frame lies at 1000: header, Ethernet at 1010, IP at 1024, UDP at 1044. Swapping leaves sums valid.
const swap = (type, a, b) => `
  (local.set $${type} (${type}.load (i32.const ${a})))
  (${type}.store (i32.const ${a}) (${type}.load (i32.const ${b})))
  (${type}.store (i32.const ${b}) (local.get $${type}))`;
const swap16 = (a, b) => `
  (local.set $i32 (i32.load16_u (i32.const ${a})))
  (i32.store16 (i32.const ${a}) (i32.load16_u (i32.const ${b})))
  (i32.store16 (i32.const ${b}) (local.get $i32))`;
const copy = (to, from, bytes) =>
  `(memory.copy (i32.const ${to}) (i32.const ${from}) (i32.const ${bytes}))`;

const image = sealWat(
  `(module
  (import "phantasm" "exit" (func $exit (param i32)))
  (import "phantasm" "abort" (func $abort (param i32 i32 i32)))
  (import "phantasm" "net_info" (func $info (param i32 i32)))
  (import "phantasm" "net_send" (func $send (param i32 i32 i32) (result i32)))
  (import "phantasm" "net_receive" (func $receive (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1 1)
  (data (i32.const 0) "${MAC}")
  (data (i32.const 8) "${IP}")
  (global $g0 (export "g0") (mut i32) (i32.const 0))
  (func (export "init"))
  (func $answer (result i32)
    (local $i32 i32)
    (if (i32.eq (i32.load16_u (i32.const 1022)) (i32.const 0x0608)) (then
      (if (i32.or (i32.ne (i32.load16_u (i32.const 1030)) (i32.const 0x0100))
                  (i32.ne (i32.load (i32.const 1048)) (i32.load (i32.const 8))))
        (then (return (i32.const 0))))
      ${copy(1010, 1016, 6)} ${copy(1016, 0, 6)}
      (i32.store16 (i32.const 1030) (i32.const 0x0200))
      ${copy(1042, 1032, 10)} ${copy(1032, 0, 6)} ${copy(1038, 8, 4)}
      (return (i32.const 1))))
    (if (i32.and (i32.eq (i32.load16_u (i32.const 1022)) (i32.const 0x0008))
                 (i32.eq (i32.load8_u (i32.const 1033)) (i32.const 17))) (then
      ${swap("i32", 1010, 1016)} ${swap16(1014, 1020)}
      ${swap("i32", 1036, 1040)} ${swap16(1044, 1046)}
      (return (i32.const 1))))
    (i32.const 0))
  (func (export "step") (param $now i64) (param $events i32) (result i64)
    (local $left i32) (local $bytes i32)
    (if (i32.and (local.get $events) (i32.const 1)) (then (call $exit (i32.const 0))))
    (local.set $left (i32.const 64))
    (loop $more
      (local.set $bytes (call $receive (i32.const 0) (i32.const 1000) (i32.const 1524)))
      (if (i32.lt_s (local.get $bytes) (i32.const 0))
        (then (return (i64.const 0x7fffffffffffffff))))
      (if (call $answer)
        (then (drop (call $send (i32.const 0) (i32.const 1000) (local.get $bytes)))))
      (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $now)))`,
  [],
  [{ name: "net", type: "net", offloads: 0 }],
);
const net = await openNet({ kind: "tap", interface: name, mac: "02:00:00:00:00:02" });
const domain = new Domain(Image.load(image), { net: { net } });
domain.start();
console.log(JSON.stringify({ ready: true }));
// Start and warm-up of the engine are not what is measured.
process.stdin.once("data", () => {
  const frames = net.counters.sentFrames;
  const cpu = process.cpuUsage();
  process.stdin.once("end", async () => {
    const { user, system } = process.cpuUsage(cpu);
    const sent = net.counters.sentFrames - frames;
    domain.shutdown();
    await domain.exited;
    console.log(JSON.stringify({ frames: sent, cpuSeconds: (user + system) / 1e6 }));
  });
});
