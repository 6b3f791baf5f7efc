import { Fibre, spawn, yieldNow } from "@phantasm/fibre";
import { Devices } from "./.phantasm/devices";

/** 64 bytes with its header. */
class Node {
  left: Node | null = null;
  right: Node | null = null;
  a: f64 = 0;
  b: f64 = 0;
  c: f64 = 0;
  d: i32 = 0;
}

/** A live heap of trees, then garbage that hangs some of it in and out. */
class Mutator extends Fibre {
  constructor(
    private readonly os: Devices,
    private readonly objects: i32,
    private readonly garbage: i32,
    private readonly batch: i32,
  ) {
    super("mutator");
  }

  run(): i32 {
    const kept = new Array<Node | null>(this.objects);
    let left = this.batch;
    for (let i = 0; i < this.objects; i++) {
      const node = new Node();
      if (i > 0) node.left = kept[i >> 1];
      if (i > 1) node.right = kept[i - 1];
      kept[i] = node;
      if (--left == 0) {
        yieldNow();
        left = this.batch;
      }
    }
    this.os.console.writeLine("built");
    yieldNow();
    let seed: u32 = 1;
    for (let i = 0; i < this.garbage; i++) {
      seed = seed * 1664525 + 1013904223;
      const place = <i32>(seed % <u32>this.objects);
      const node = new Node();
      const old = kept[place];
      if (i & 7) node.left = old;
      else if (old !== null) {
        // What it held moves to the new one, which takes its place.
        node.left = old.left;
        node.right = old.right;
        kept[place] = node;
        old.left = null;
        old.right = null;
      }
      if (--left == 0) {
        yieldNow();
        left = this.batch;
      }
    }
    return 0;
  }
}

export function main(os: Devices): void {
  const options = os.arguments;
  spawn(new Mutator(os, <i32>options.objects, <i32>options.garbage, <i32>options.fibre));
}
