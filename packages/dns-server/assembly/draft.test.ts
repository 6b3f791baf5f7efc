/** Names that are chosen by who knows the hash. */
import { NAME_BUFFER_BYTES, nameOfText } from "@phantasm/dns/wire";
import { expect, test } from "@phantasm/testing";
import { Draft, DraftError } from "./draft";
import { RecordData } from "./record-data";
import { ZoneAccount } from "./zone-data";
import { ZoneWriter } from "./zone-writer";

/** Of a multiplication by 0x85ebca6b, in 32 bits. */
const INVERSE: u32 = 0xa5cb9243;
/** Of one by 0xc2b2ae35. */
const LAST_INVERSE: u32 = 0x7ed1b41d;
const NAMES: i32 = 4000;
const A: i32 = 1;

const owner: usize = heap.alloc(<usize>NAME_BUFFER_BYTES);
const address: usize = memory.data<u8>([192, 0, 2, 1]);

/** A letter or digit would do for each; here anything may, but what has another case. */
function hasLetters(word: u32): bool {
  for (; word != 0; word >>= 8) if ((word & 0xff) >= 0x41 && (word & 0xff) <= 0x5a) return true;
  return false;
}

/** What the hash is made of, before its last steps. */
function before(hash: u32): u32 {
  hash ^= hash >> 16;
  hash *= LAST_INVERSE;
  hash ^= (hash >> 15) ^ (hash >> 30);
  return hash * INVERSE;
}

/**
 * Writes names below `a.` with labels of eight bytes whose hashes below a parent are `step` apart; returns the status.
 */
function fill(draft: Draft, parent: u32, step: u32 = 0): i32 {
  const data = new RecordData();
  data.read(address, 4, A, 0, 4);
  let seed: u32 = 0;
  for (let made = 0; made < NAMES; seed++) {
    const begun: u32 = (parent ^ 8) * 0x9e3779b1;
    let state: u32 = (begun ^ seed) * 0x85ebca6b;
    state ^= state >> 15;
    const last: u32 = state ^ before(0x1234 + step * <u32>made);
    if (hasLetters(seed) || hasLetters(last)) continue;
    const bytes = nameOfText("12345678.a", owner);
    store<u32>(owner, seed, 1);
    store<u32>(owner, last, 5);
    const status = draft.add(owner, bytes, A, 60, data);
    if (status < 0) return status;
    made++;
  }
  return 0;
}

function begin(): Draft {
  const draft = new Draft(4 << 20, 10_000);
  const bytes = nameOfText("a", owner);
  expect(draft.begin(owner, bytes)).toBe(true);
  return draft;
}

/** Its apex will lie at 96: behind header and zone. */
function withSoa(): Draft {
  const draft = begin();
  const soa = heap.alloc(22);
  memory.fill(soa, 0, 22);
  const data = new RecordData();
  expect(data.read(soa, 22, 6, 0, 22)).toBe(true);
  expect(draft.add(owner, nameOfText("a", owner), 6, 60, data)).toBe(0);
  return draft;
}

function written(draft: Draft): i32 {
  const writer = new ZoneWriter(draft);
  writer.begin(new ZoneAccount(4 << 20));
  let status = 1;
  for (let steps = 0; status == 1 && steps < 1000; steps++) status = writer.work(1024);
  writer.clear();
  return status;
}

test("names whose hashes are the same in a draft are not taken", () => {
  const draft = begin();
  expect(fill(draft, <u32>draft.apex)).toBe(DraftError.CROWDED);
  // The next zone is as good as any.
  expect(draft.begin(owner, nameOfText("a", owner))).toBe(true);
  expect(fill(draft, 1)).toBe(0);
});

test("nor those of which each lies behind another where the zone will lie, so that looking for others takes long", () => {
  const draft = withSoa();
  expect(fill(draft, 96, 1)).toBe(0);
  expect(written(draft)).toBe(DraftError.CROWDED);
});

test("a few of them do no harm", () => {
  const draft = withSoa();
  expect(fill(draft, 96, 7)).toBe(0);
  expect(written(draft)).toBe(0);
});

test("nor those whose hashes are the same where the zone will lie", () => {
  const draft = withSoa();
  expect(fill(draft, 96)).toBe(0);
  expect(written(draft)).toBe(DraftError.CROWDED);
});
