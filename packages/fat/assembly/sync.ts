/** Making durable what was written. */
import { Errno, PENDING } from "@phantasm/interfaces";
import { Operation } from "./operation";
import { Volume } from "./volume";

enum SyncStage {
  WRITE,
  FLUSH,
  WAIT,
}

/** Of a file, with its name and its size. Call until it returns 0. */
export function sync(volume: Volume, operation: Operation): i32 {
  const node = operation.file!.node;
  if (node.gone) return Errno.GONE;
  if (node.changed) return volume.commitNode(node, operation.transfer);
  if (operation.stage == SyncStage.WRITE) {
    const status = volume.cache.writeBack();
    if (status < 0) return status;
    if (!volume.disk.unflushed) return 0;
    operation.stage = SyncStage.FLUSH;
  }
  if (operation.stage == SyncStage.FLUSH) {
    if (!volume.disk.flush(operation.transfer))
      return operation.transfer.error != 0 ? operation.transfer.error : PENDING;
    volume.disk.unflushed = false;
    operation.stage = SyncStage.WAIT;
  }
  return operation.transfer.outcome();
}
