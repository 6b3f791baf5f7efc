/** Mistakes made on purpose, one in a build: each is one that tests of the runtime must notice. */

export interface Edit {
  /** Must be in the file; all of it is replaced. */
  readonly from: string;
  readonly to: string;
}

export interface Mutant {
  readonly name: string;
  /** Below `packages/`; or `library:` and a file of AssemblyScript's library as the toolchain changed it. */
  readonly file: string;
  readonly edits: readonly Edit[];
}

const COLLECTOR = "runtime/assembly/heap/collector.ts";
const BITMAPS = "runtime/assembly/heap/bitmaps.ts";
const TASK = "runtime/assembly/task.ts";
const SWITCH = "fibre/assembly/switch.ts";
const FIBRE = "fibre/assembly/fibre.ts";
const WAIT = "fibre/assembly/wait.ts";
const TABLE = "fibre/assembly/table.ts";

function mutant(name: string, file: string, from: string, to = ""): Mutant {
  return { name, file, edits: [{ from, to }] };
}

/** Leaves out what an array's or static array's method tells the collector. */
function withoutRescan(method: string, file: string, before: string, object = "this"): Mutant {
  const from = `    if (isManaged<T>()) __rescan(changetype<usize>(${object}));\n${before}`;
  return mutant(
    `${file}: ${method} does not ask to be looked at again`,
    `library:${file}`,
    from,
    before,
  );
}

export const MUTANTS: readonly Mutant[] = [
  mutant(
    "a stored reference is not marked",
    COLLECTOR,
    "childPtr != 0)) __visit(childPtr, 0);",
    "childPtr != 0)) {}",
  ),
  mutant("new objects do not count as reached", COLLECTOR, "if (ptr >= reachedFrom) setMark(ptr);"),
  mutant(
    "new objects behind the sweep are not told from those before",
    COLLECTOR,
    "reachedFrom = heapStart() + at * WORD_SPAN;",
    "reachedFrom = usize.MAX_VALUE;",
  ),
  mutant(
    "new buffers of arrays are not cleared",
    COLLECTOR,
    "if (FIBRES && <u32>id <= LEAF_ID_MAX) clear(ptr, size);",
  ),
  mutant(
    "globals are not looked at again at the end",
    COLLECTOR,
    "        __visit_globals(0);\n        work++;",
    "        work++;",
  ),
  mutant("what globals show at the end is not followed", COLLECTOR, "if (grey != 0) continue;"),
  mutant(
    "frames that changed are not looked at again",
    COLLECTOR,
    "void {\n  __rescan(stack);",
    "void {",
  ),
  mutant(
    "an object is looked at again only once",
    COLLECTOR,
    "      store<usize>(ptr - 12, 0);\n    }",
    "    }",
  ),
  mutant("static objects are not visited", COLLECTOR, "if (ptr != 0) visitStatic(ptr);"),
  mutant(
    "static objects are visited by the first collection only",
    COLLECTOR,
    "  epoch += 2;\n  phase",
    "  if (epoch == 0) epoch = 2;\n  phase",
  ),
  {
    name: "parts are looked at from the first up",
    file: COLLECTOR,
    edits: [
      { from: "let part: u32 = 0;", to: "let part: u32 = 0;\nlet parts: u32 = 0;" },
      {
        from: "part = (elements + PART_ELEMENTS - 1) / PART_ELEMENTS;",
        to: "parts = (elements + PART_ELEMENTS - 1) / PART_ELEMENTS;\n  part = 1;",
      },
      { from: "if (cookie == 1) partial = 0;", to: "if (cookie == parts) partial = 0;" },
      { from: "else part = cookie - 1;", to: "else part = cookie + 1;" },
    ],
  },
  mutant(
    "the last element of a part is left out",
    COLLECTOR,
    "min(elements, cookie * PART_ELEMENTS)",
    "min(elements, cookie * PART_ELEMENTS - 1)",
  ),
  mutant("what is reached is freed", COLLECTOR, "started & ~marked;", "started & marked;"),
  mutant(
    "what is freed is still known",
    COLLECTOR,
    "setWords(at, started & marked)",
    "setWords(at, started)",
  ),
  mutant("what is freed still counts", COLLECTOR, "        used -= bytes;\n"),
  mutant(
    "free blocks that are side by side are taken for longer",
    COLLECTOR,
    "if (block == runEnd) {",
    "if (block <= runEnd + 32) {\n            runEnd = block;",
  ),
  mutant("larger bitmaps lose marks", BITMAPS, "memory.copy(block + bytes, marks, known);"),
  mutant("larger bitmaps lose objects", BITMAPS, "memory.copy(block, starts, known);"),
  mutant(
    "a pointer is looked for in the wrong place",
    BITMAPS,
    "(u64.MAX_VALUE >> (63 - ((<u64>(address >> 4)) & 63)))",
    "(u64.MAX_VALUE >> (64 - ((<u64>(address >> 4)) & 63)))",
  ),
  withoutRescan(
    "unshift",
    "array",
    "    let ptr = this.dataStart;\n    memory.copy(\n      ptr + sizeof<T>(),",
  ),
  withoutRescan("reverse", "array", "    REVERSE<T>(this.dataStart, this.length_);"),
  withoutRescan("sort", "array", "    SORT<T>(this.dataStart, this.length_, comparator);"),
  // That of copyWithin takes a chance too rare here: containers.test.ts of the heap has it.
  withoutRescan("splice", "array", "    let offset = start + deleteCount;\n", "result"),
  withoutRescan("reverse", "staticarray", "    REVERSE<T>(changetype<usize>(this), this.length);"),
  mutant(
    "the last ready task that is taken stays the last",
    TASK,
    "    if (next === null) this.last = null;\n    else task.taskNext = null;",
    "    if (next !== null) task.taskNext = null;",
  ),
  mutant(
    "who yields goes on in the same step",
    TASK,
    "runQueue().later.append(task);",
    "runQueue().tasks.append(task);",
  ),
  mutant(
    "a list forgets its first when that leaves",
    TASK,
    "if (this.head === task) this.head = next;",
  ),
  mutant(
    "tasks of the next pass lose their end",
    TASK,
    "    this.last = other.last;\n",
    "    if (last === null) this.last = first;\n",
  ),
  mutant(
    "frames are not scanned",
    SWITCH,
    "      visitWord(load<usize>(at));",
    "      load<usize>(at);",
  ),
  mutant("the collector is not told of frames", SWITCH, "  stackChanged(stack);\n"),
  mutant(
    "the first words of frames are not kept",
    SWITCH,
    "const end = from + bytes;\n",
    "const end = from + bytes;\n  from += 8;\n  to += 8;\n",
  ),
  mutant(
    "frames are put where they have no room",
    SWITCH,
    "room < FRAMES_OFFSET + bytes ||",
    "room + 64 < FRAMES_OFFSET + bytes || room == 0 ||",
  ),
  mutant("a wait that ends stays in its queue", WAIT, "    queue.waiters.remove(this);\n"),
  mutant(
    "the deadline of a wait outlives it",
    WAIT,
    "if (deadline !== null) cancelTimer(deadline);",
  ),
  mutant(
    "who has waited still says where",
    WAIT,
    "    queue.waiters.remove(this);\n    this.waitQueue = null;",
    "    queue.waiters.remove(this);",
  ),
  mutant("a cancel does not end a wait", FIBRE, "      this.endWait(CANCELLED);", "      {}"),
  mutant("a shield does not help", FIBRE, "this.fibreCancellation &= ~Cancellation.REFUSES;"),
  mutant("an ended fibre stays in the table", FIBRE, "    strike(this);\n"),
  mutant("an end is not told", FIBRE, "if (joiners !== null) joiners.wakeAll();"),
  mutant(
    "a fibre that leaves the table takes the next with it",
    TABLE,
    "if (previous !== null) previous.fibreNext = next;",
    "if (previous !== null) previous.fibreNext = null;",
  ),
];
