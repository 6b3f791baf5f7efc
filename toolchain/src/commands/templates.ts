/** The templates of `phantasm new`: whole projects in the folder `templates` of this package. */

export interface Template {
  /** Its folder, and the name of its image. */
  readonly name: string;
  readonly summary: string;
  /** What `phantasm run` needs to attach. */
  readonly attach?: string;
}

export const TEMPLATES: readonly Template[] = [
  { name: "hello", summary: "greets, with a boot argument" },
  { name: "console", summary: "reads lines from the console" },
  { name: "timer", summary: "counts down with a timer" },
  { name: "tcp", summary: "serves TCP connections, each with a fibre" },
  {
    name: "store",
    summary: "keeps a number in a key-value store",
    attach: "--block disk=disk.img:1M",
  },
  {
    name: "block",
    summary: "keeps a number in a sector of a disk",
    attach: "--block disk=disk.img:1M",
  },
  {
    name: "frames",
    summary: "sends and receives Ethernet frames",
    attach: "--net link=switch:/tmp/lan.sock",
  },
];
