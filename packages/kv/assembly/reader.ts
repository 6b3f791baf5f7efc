/** What the store and its snapshots have in common. */
import { EXHAUSTED, KeyValueHandler, PENDING, Value } from "@phantasm/interfaces";
import { Engine } from "./engine";
import { checkKey } from "./keys";
import { OperationKind } from "./operation";
import { StoreSnapshot } from "./snapshot";
import { StoreReader } from "./stream";
import { View } from "./tree";

export function open(
  engine: Engine,
  view: View,
  snapshot: StoreSnapshot | null,
  key: Uint8Array,
  into: Value,
  handler: KeyValueHandler,
  tag: i32,
): i32 {
  checkKey(key);
  if (engine.state != 0 && engine.state != PENDING) return engine.state;
  if (engine.streams + engine.streamsOpening >= engine.settings.streamsMax) {
    engine.counters.exhausted++;
    return EXHAUSTED;
  }
  const operation = engine.schedule.take(OperationKind.OPEN, handler, tag);
  if (operation === null) return EXHAUSTED;
  engine.streamsOpening++;
  operation.view = view;
  operation.snapshot = snapshot;
  operation.key = key;
  operation.into = into;
  operation.reader = new StoreReader(engine);
  return engine.schedule.enqueue(operation);
}
