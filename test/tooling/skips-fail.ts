import type { Reporter, TestModule } from "vitest/node";

/**
 * A vitest reporter for CI=true: a test that was skipped, or is only planned, fails the run. What a
 * machine cannot run must be left out by the configuration, where it is seen, and not by the test.
 */
export class SkipsFail implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests("skipped")]);
    if (skipped.length === 0) return;
    for (const test of skipped)
      console.error(`skipped: ${test.module.relativeModuleId} > ${test.fullName}`);
    console.error(`CI=true: ${skipped.length} skipped test(s) fail the run`);
    process.exitCode = 1;
  }
}
