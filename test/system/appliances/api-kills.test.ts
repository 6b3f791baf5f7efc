/** examples/api, killed while clients write: every note that was acknowledged is there at the next boot, and none is half. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answering } from "../../support/answering.js";
import { builtImage } from "../../support/built.js";
import { Running } from "../../support/running.js";
import { Chance } from "../store/commands.js";

// More: PHANTASM_KILLS=100 PHANTASM_SEED=7.
const kills = Number(process.env["PHANTASM_KILLS"] ?? 3);
const seed = Number(process.env["PHANTASM_SEED"] ?? 1);
const CLIENTS = 4;

const folder = mkdtempSync(join(tmpdir(), "phantasm-api-kills-"));
let image = "";

beforeAll(async () => {
  image = await builtImage(fileURLToPath(new URL("../../../examples/api/", import.meta.url)));
}, 600_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Note {
  readonly id: string;
  readonly text: string;
}

/** All notes, page by page. */
async function all(notes: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let before = ""; ;) {
    const page = (await (await answering(notes + before)).json()) as Note[];
    for (const { id, text } of page) found.set(id, text);
    const last = page.at(-1);
    if (last === undefined) return found;
    before = `?before=${last.id}`;
  }
}

/** What was acknowledged: the text of a note, or that it is gone. */
type Known = Map<string, string | undefined>;

/** Writes until the server has gone. Of the note of the last change, which it returns, nobody knows. */
async function write(notes: string, known: Known, chance: Chance): Promise<string | undefined> {
  const ids: string[] = [];
  let asked: string | undefined;
  try {
    for (let n = 0; ; n++) {
      const text = `${n} ${"x".repeat(chance.below(3000))}`;
      const old = ids.length > 3 ? ids[chance.below(ids.length)] : undefined;
      asked = old;
      const removes = old !== undefined && chance.below(3) === 0;
      const method = old === undefined ? "POST" : removes ? "DELETE" : "PUT";
      const body = removes ? {} : { body: JSON.stringify({ text }) };
      const answer = await fetch(old === undefined ? notes : `${notes}/${old}`, {
        method,
        ...body,
      });
      if (!answer.ok) throw new Error(`${method}: ${answer.status}`);
      if (removes) {
        known.set(old, undefined);
        ids.splice(ids.indexOf(old), 1);
        continue;
      }
      const { id } = (await answer.json()) as Note;
      known.set(id, text);
      if (old === undefined) ids.push(id);
    }
  } catch (error) {
    // What fetch throws when the connection has gone.
    if (!(error instanceof TypeError)) throw error;
    return asked;
  }
}

test(
  `killed ${kills} times, it has lost nothing (seed ${seed})`,
  { timeout: 60_000 + 20_000 * kills },
  async () => {
    const chance = new Chance(seed);
    const known: Known = new Map();
    for (let kill = 0; kill <= kills; kill++) {
      const disk = `data=${join(folder, "notes.img")}:16M`;
      const running = new Running([image, "-p", "0:80", "--block", disk]);
      const notes = `http://127.0.0.1:${await running.port(80)}/api/notes`;
      const found = await all(notes);
      const where = `seed ${seed}, kill ${kill}`;
      for (const [id, text] of known) expect(found.get(id), where).toBe(text);
      for (const text of found.values()) expect(text, where).toMatch(/^\d+ x*$/);
      if (kill === kills) {
        expect(found.size).toBeGreaterThan(0);
        await running.stop();
        return;
      }
      const clients = Array.from({ length: CLIENTS }, () => write(notes, known, chance));
      await new Promise((resolve) => setTimeout(resolve, 150 + chance.below(250)));
      running.signal("SIGKILL");
      await running.ended;
      for (const id of await Promise.all(clients)) if (id !== undefined) known.delete(id);
    }
  },
);
