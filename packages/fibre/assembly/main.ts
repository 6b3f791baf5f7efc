import { isTracing } from "@phantasm/runtime/domain";
import { Activity, observation } from "@phantasm/runtime/observation";
import { Fibre } from "./fibre";

/** The application's `main`. */
@final
class Main extends Fibre {
  constructor(private readonly main: () => void) {
    super("main");
  }

  run(): i32 {
    this.main();
    return 0;
  }
}

/** Called by the generated entry in an image with fibres, in the place of `main` itself. */
// @ts-ignore: decorator
@global
export function startMainFibre(main: () => void): void {
  const fibre = new Main(main);
  fibre.beginFibre();
  if (isTracing()) {
    const block = observation();
    block.activity = Activity.TASK;
    block.activityFibre = <u32>fibre.fibreAddress();
  }
  fibre.performTask();
}
