import { Devices } from "./.phantasm/devices";

const ROLLS: i32 = 10;

/** Knows the interface `Random`, and not what is behind it. */
export function main(os: Devices): void {
  const rolls = new Array<u32>(ROLLS);
  for (let i = 0; i < ROLLS; i++) rolls[i] = 1 + os.dice.below(6);
  os.console.writeLine(rolls.join(" "));
}
