/** The templates of `phantasm new`: whole projects in the folder `templates` of this package. */

export interface Template {
  /** Its folder, and the name of its image. */
  readonly name: string;
  readonly summary: string;
  /** What `phantasm run` needs to attach. */
  readonly attach?: string;
  /** What asks it, once it runs. */
  readonly ask?: string;
}

/** First steps, then servers that are whole, then parts to build others from. */
export const TEMPLATES: readonly Template[] = [
  { name: "hello", summary: "greets, with a boot argument" },
  { name: "console", summary: "reads lines from the console" },
  { name: "timer", summary: "counts down with a timer" },
  {
    name: "web",
    summary: "a web server: files in the image, and answers that are computed",
    ask: "curl http://127.0.0.1:8080/",
  },
  {
    name: "api",
    summary: "a JSON API over a key-value store, a fibre for each request",
    attach: "--block data=data.img:64M",
    ask: "curl http://127.0.0.1:8080/items",
  },
  {
    name: "dns",
    summary: "an authoritative DNS server, with a zone that the build checks",
    attach: "-p 5353:53",
    ask: "dig @127.0.0.1 -p 5353 www.example.org",
  },
  {
    name: "store",
    summary: "a key-value server for redis-cli and clients of Redis",
    attach: "--block data=data.img:256M",
    ask: "redis-cli incr visits",
  },
  {
    name: "tcp",
    summary: "serves TCP connections, each with a fibre",
    ask: "nc 127.0.0.1 4000",
  },
  {
    name: "key-value",
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
