import { Devices } from "./.phantasm/devices";
import { Bulk } from "./assembly/bulk";
import { fuzz } from "./assembly/fuzz";
import { Leak } from "./assembly/leak";
import { Streams } from "./assembly/streams";

export function main(os: Devices): void {
  const options = os.arguments;
  const seed = <u32>options.seed;
  const count = <i32>options.count;
  if (options.what == "streams") new Streams(os, seed, count).begin();
  else if (options.what == "leak") new Leak(os, count).begin();
  else if (options.what == "bulk") new Bulk(os, count, seed > 1).begin();
  else os.console.write(fuzz(seed, count));
}
