/** The power fails at any moment: what was acknowledged under always is there, and nothing but a beginning of what happened. */
import { TestDisk, TestRandom } from "@phantasm/block/testing";
import { TestStore } from "@phantasm/kv/testing";
import { expect, test } from "@phantasm/testing";
import { TestConnection, TestServer, step } from "../testing";
import { Durability } from "./keeper";

const SECTORS: u64 = 16_384;
const COMMANDS: i32 = 40;
const CRASHES: i32 = 16;

/** Counts, and changes something, as a whole. */
function command(random: TestRandom, n: i32): string {
  const key = random.below(3);
  const field = random.below(4);
  const text = "x".repeat(<i32>random.below(random.below(8) == 0 ? 5000 : 60));
  let change = `SET s${key} ${n}${text}`;
  switch (random.below(8)) {
    case 0:
      change = `RPUSH l${key} ${n}${text} ${n}`;
      break;
    case 1:
      change = `LPOP l${key}`;
      break;
    case 2:
      change = `HSET h${key} ${field} ${n}${text}`;
      break;
    case 3:
      change = `ZADD z${key} ${n} ${field}`;
      break;
    case 4:
      change = `SADD u${key} ${field}`;
      break;
    case 5:
      change = `DEL s${key} l${key} u${key}`;
      break;
    case 6:
      change = `HDEL h${key} ${field}`;
      break;
  }
  return `MULTI\r\nSET n ${n}\r\n${change}\r\nEXEC\r\n`;
}

/** All that the commands change. */
function contents(client: TestConnection): string {
  let text = "";
  for (let key = 0; key < 3; key++)
    text += client.ask(
      `GET s${key}\r\nLRANGE l${key} 0 -1\r\nHMGET h${key} 0 1 2 3\r\n` +
        `ZRANGE z${key} 0 -1 WITHSCORES\r\nSMISMEMBER u${key} 0 1 2 3\r\n`,
    );
  return text;
}

/** Commands that have been answered: an array of two for each. */
function answersIn(heard: string): i32 {
  return heard.split("*2\r\n").length - 1;
}

/** A server whose disk remembers all; clients send the next command before the last one is answered, or after. */
@final
class Life {
  readonly disk: TestDisk = new TestDisk(SECTORS);
  /** What is there after each number of commands. */
  readonly contents: string[] = [];
  /** How many had been answered when the disk had seen how many events. */
  private readonly answered: i32[] = [];
  private readonly events: i32[] = [];

  constructor(readonly seed: u64) {
    const random = new TestRandom(seed);
    this.disk.records = true;
    const store = new TestStore(this.disk);
    const server = new TestServer(store.store, Durability.ALWAYS);
    store.run();
    step();
    // One that keeps nothing says what has to be there.
    const oracle = new TestServer().client();
    this.contents.push(contents(oracle));
    const client = server.client();
    let answers = 0;
    for (let n = 1; n <= COMMANDS; n++) {
      const text = command(random, n);
      client.says(text);
      oracle.ask(text);
      this.contents.push(contents(oracle));
      const turns = n == COMMANDS ? 200 : <i32>random.below(12);
      for (let turn = 0; turn < turns; turn++) {
        step();
        this.disk.run(1);
        answers += answersIn(client.heard());
        this.answered.push(answers);
        this.events.push(this.disk.journalLength);
      }
    }
    expect(answers).toBe(COMMANDS);
  }

  answeredAt(events: i32): i32 {
    let answered = 0;
    for (let i = 0; i < this.events.length && this.events[i] <= events; i++)
      answered = this.answered[i];
    return answered;
  }
}

/** Boots from what a crash has left; what is wrong, or nothing. */
function boot(life: Life, left: TestDisk, events: i32): string {
  const where = `seed ${life.seed}, ${events} events: `;
  const store = new TestStore(left);
  const server = new TestServer(store.store, Durability.ALWAYS);
  for (let turn = 0; turn < 4; turn++) {
    store.run();
    step();
  }
  if (server.ready != 0) return where + `the store is not ready: ${server.ready}`;
  const client = server.client();
  const count = client.ask("GET n\r\n");
  const n = count == "$-1\r\n" ? 0 : I32.parseInt(count.split("\r\n")[1]);
  const answered = life.answeredAt(events);
  if (n < answered) return where + `${answered} were answered, ${n} are there`;
  if (contents(client) != life.contents[n]) return where + `it is not what ${n} commands make`;
  return "";
}

test("power that fails under always loses nothing that was answered, and cuts no transaction (seeds 1 to 6)", () => {
  const left = new TestDisk(SECTORS);
  let ahead = 0;
  for (let seed: u64 = 1; seed <= 6; seed++) {
    const life = new Life(seed);
    const random = new TestRandom(seed + 100);
    for (let crash = 0; crash < CRASHES; crash++) {
      const events = <i32>random.below(<u32>life.disk.journalLength + 1);
      left.content.fill(0);
      life.disk.crash(events, random, left.content);
      expect(boot(life, left, events)).toBe("");
      if (life.answeredAt(events) > 0) ahead++;
    }
    life.disk.forgetJournal();
  }
  // It was not all about blank disks.
  expect(ahead).toBeGreaterThan(40);
});
