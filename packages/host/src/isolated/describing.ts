/** Ctrl-\ and SIGUSR1: prints what the domain is doing. */
import type { DomainDescription } from "../describe.js";
import type { Image } from "../image.js";
import { readSideFiles } from "../symbolise/side-files.js";
import { describeReport } from "./describe-report.js";
import type { BusyDomain } from "./isolated-domain.js";

/** Asks, and prints the answer on standard error; nothing when the domain ends first. */
export async function describeOnce(
  domain: { describe(): Promise<DomainDescription | BusyDomain | null> },
  image: Image,
  imagePath: string,
): Promise<void> {
  const seen = await domain.describe();
  if (seen === null) return;
  const files = readSideFiles(imagePath, image.digest);
  process.stderr.write(describeReport(seen, image, files));
}
