/** Who calls whom in a module, read from its bytes. */
import {
  InstructionCursor,
  Reader,
  SectionId,
  readBody,
  readFunctionNames,
  splitSections,
  type Section,
} from "@phantasm/seal";

const CALL = 0x10;
const CALL_INDIRECT = 0x11;

export interface Call {
  /** Index of the function; for an indirect call, of the type. */
  readonly target: number;
  readonly indirect: boolean;
  /** Of the instruction, from the start of the module. */
  readonly offset: number;
}

export interface GraphFunction {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly calls: readonly Call[];
  /** Upper bound of what it saves when it is suspended: all its locals, and where it was. */
  readonly frameBytes: number;
  /** Offset of its code; 0 for an import. */
  readonly start: number;
}

const VALUE_BYTES: Readonly<Record<number, number>> = {
  0x7f: 4,
  0x7e: 8,
  0x7d: 4,
  0x7c: 8,
  0x7b: 16,
};
const CALL_INDEX_BYTES = 4;

interface Signature {
  readonly key: string;
  readonly parameterBytes: number;
}

function valueBytes(type: number): number {
  return VALUE_BYTES[type] ?? 4;
}

export class CallGraph {
  readonly functions: readonly GraphFunction[];
  /** Functions in the table, by the type that an indirect call names. */
  readonly #tableByType = new Map<number, number[]>();
  readonly #byName: ReadonlyMap<string, GraphFunction>;

  constructor(bytes: Uint8Array) {
    const sections = splitSections(bytes);
    const find = (id: number): Section | undefined => sections.find((section) => section.id === id);
    const reader = (id: number): Reader | undefined => {
      const section = find(id);
      return section && new Reader(bytes, section.start, section.end);
    };
    const signatures = readTypes(reader(SectionId.TYPE));
    const names = sections.find(({ name }) => name === "name");
    const labels = names
      ? readFunctionNames(bytes.subarray(names.start, names.end))
      : new Map<number, string>();
    const functions: GraphFunction[] = [];
    for (const type of readImportTypes(reader(SectionId.IMPORT))) {
      const index = functions.length;
      const name = labels.get(index) ?? "";
      functions.push({ index, name, type, calls: [], frameBytes: 0, start: 0 });
    }
    const types = readIndices(reader(SectionId.FUNCTION));
    const code = reader(SectionId.CODE);
    if (code) {
      code.u32("the number of bodies");
      for (const type of types) {
        const body = readBody(code);
        const index = functions.length;
        functions.push({
          index,
          name: labels.get(index) ?? `function ${index}`,
          type,
          calls: readCalls(bytes, body.code, body.end),
          frameBytes:
            CALL_INDEX_BYTES +
            (signatures[type]?.parameterBytes ?? 0) +
            localBytes(new Reader(bytes, body.start, body.code)),
          start: body.start,
        });
      }
    }
    this.functions = functions;
    this.#byName = new Map(functions.map((entry) => [entry.name, entry]));
    // Two types may be written alike: an indirect call checks the shape, not the number.
    for (const index of readElements(reader(SectionId.ELEMENT))) {
      const key = signatures[functions[index]?.type ?? -1]?.key;
      signatures.forEach((signature, type) => {
        if (signature.key !== key) return;
        this.#tableByType.set(type, [...(this.#tableByType.get(type) ?? []), index]);
      });
    }
  }

  find(name: string): GraphFunction | undefined {
    return this.#byName.get(name);
  }

  /** The functions a call may go to. */
  targets(call: Call): readonly number[] {
    return call.indirect ? (this.#tableByType.get(call.target) ?? []) : [call.target];
  }

  /**
   * Every function from which one of `goals` can be reached, without going through `walls`; the goals
   * are not part of it. With each, the call that leads there on a shortest way.
   */
  reaching(goals: ReadonlySet<number>, walls: ReadonlySet<number>): Map<number, Call> {
    const callers = new Map<number, { readonly caller: number; readonly call: Call }[]>();
    for (const { index, calls } of this.functions)
      for (const call of calls)
        for (const target of this.targets(call)) {
          const list = callers.get(target) ?? [];
          list.push({ caller: index, call });
          callers.set(target, list);
        }
    const reached = new Map<number, Call>();
    let edge = [...goals];
    while (edge.length > 0) {
      const next: number[] = [];
      for (const target of edge)
        for (const { caller, call } of callers.get(target) ?? []) {
          if (reached.has(caller) || goals.has(caller) || walls.has(caller)) continue;
          reached.set(caller, call);
          next.push(caller);
        }
      edge = next;
    }
    return reached;
  }
}

function readTypes(reader: Reader | undefined): Signature[] {
  if (!reader) return [];
  return Array.from({ length: reader.count("types") }, () => {
    reader.u8("a function type");
    const parameters = [...reader.take(reader.count("parameters"), "parameters")];
    const results = [...reader.take(reader.count("results"), "results")];
    return {
      key: `${parameters.join(",")}:${results.join(",")}`,
      parameterBytes: parameters.reduce((sum, type) => sum + valueBytes(type), 0),
    };
  });
}

/** Of imported functions; the compiler imports nothing else. */
function readImportTypes(reader: Reader | undefined): number[] {
  if (!reader) return [];
  return Array.from({ length: reader.count("imports") }, () => {
    reader.name("a module");
    reader.name("a name");
    reader.u8("a kind");
    return reader.u32("a type index");
  });
}

function readIndices(reader: Reader | undefined): number[] {
  if (!reader) return [];
  return Array.from({ length: reader.count("functions") }, () => reader.u32("a type index"));
}

/** Function indices of active segments in the form the compiler writes: table 0, an offset, a list. */
function readElements(reader: Reader | undefined): number[] {
  if (!reader) return [];
  const indices: number[] = [];
  for (let left = reader.count("segments"); left > 0; left--) {
    if (reader.u32("the kind of a segment") !== 0)
      throw new Error("the compiler made an element segment of an unknown kind");
    const cursor = new InstructionCursor(reader.bytes, reader.position, reader.end);
    while (cursor.depth > 0 && cursor.next());
    reader.skip(cursor.position - reader.position, "an offset");
    for (let count = reader.count("functions"); count > 0; count--)
      indices.push(reader.u32("a function index"));
  }
  return indices;
}

function readCalls(bytes: Uint8Array, start: number, end: number): Call[] {
  const calls: Call[] = [];
  const cursor = new InstructionCursor(bytes, start, end);
  while (cursor.next()) {
    const { opcode, index, offset } = cursor;
    if (opcode === CALL || opcode === CALL_INDIRECT)
      calls.push({ target: index, indirect: opcode === CALL_INDIRECT, offset });
  }
  return calls;
}

function localBytes(reader: Reader): number {
  let bytes = 0;
  for (let groups = reader.u32("groups of locals"); groups > 0; groups--)
    bytes += reader.u32("locals") * valueBytes(reader.u8("a type"));
  return bytes;
}
