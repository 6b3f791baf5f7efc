import { Devices } from "./.phantasm/devices";
import { fairness } from "./assembly/fairness";
import { matrix } from "./assembly/matrix";
import { runSeeds } from "./assembly/seeds";
import { BulkMatrix } from "./assembly/stack/bulk";
import { Worlds } from "./assembly/stack/worlds";
import { inOrder } from "./assembly/speed";

export function main(os: Devices): void {
  const options = os.arguments;
  const what = options.what;
  if (what == "matrix") os.console.write(matrix(options.control));
  else if (what == "fairness") os.console.write(fairness());
  else if (what == "bulk") new BulkMatrix(options.control, os.console);
  else if (what == "stacks") new Worlds(<u32>options.seed, <u32>options.count, os.console);
  else if (what == "speed")
    os.console.write(inOrder(options.control, <u32>options.count).toString());
  else if (what == "seeds") os.console.write(runSeeds(<u32>options.seed, <u32>options.count));
}
