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
  fibre.performTask();
}
