import { MILLISECOND } from "@phantasm/interfaces";
import { Fibre, sleep, spawn, yieldNow } from "@phantasm/fibre";
import { Devices } from "./.phantasm/devices";

class Sleeper extends Fibre {
  constructor(private readonly ns: i64) {
    super();
  }

  run(): i32 {
    sleep(this.ns);
    woken++;
    return 0;
  }
}

let woken: i32 = 0;

export function main(os: Devices): void {
  const count = <i32>os.arguments.fibres;
  const fibres: Fibre[] = [];
  for (let i = 0; i < count; i++)
    fibres.push(spawn(new Sleeper(<i64>((i * 7919) % 100) * MILLISECOND)));
  os.console.writeLine(`${count} fibres`);
  sleep(MILLISECOND);
  for (let i = 0; i < 3; i++) yieldNow();
  for (let i = 0; i < count; i++) fibres[i].join();
  os.console.writeLine(`${woken} woke`);
}
