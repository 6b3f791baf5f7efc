// TCP in bulk: an image on a tap beside Linux on the other side of a tap, and across a veth.
import { execFileSync } from "node:child_process";
import { contest, ratios, rows } from "./contest.mjs";
import { inLab } from "./lab.mjs";
import { bulk } from "./loads.mjs";

const PORT = 5201;

/**
 * Gigabits a second, and a second of the processor time of what serves: the host process of the image; or
 * iperf3's server, together with the program that carries its frames from tap to tap. The client is iperf3
 * on the other processor.
 */
export function tapTcp(report) {
  return inLab(report, "TCP over tap", ["iperf3", "ethtool"], async (lab) => {
    const splice = lab.compile("tap-splice");
    const open = lab.compile("tap-open");
    const iperf = lab.server(lab.serve, ["iperf3", "-s", "-p", String(PORT)]);
    const contestants = [];
    for (const [index, offload] of [true, false].entries()) {
      const kind = offload ? "offload" : "no offload";
      lab.tap(`tap${index}`, `10.0.${index}.1`, { offload });
      const [options, opener] = offload
        ? [["--net", `tap:tap${index}`], []]
        : [
            ["--tap-fd", "3"],
            [open, `tap${index}`],
          ];
      const words = [`--ipv4=10.0.${index}.2/24`];
      const image = await lab.phantasm("examples/iperf", options, words, opener);
      contestants.push({ kind, name: `image, ${kind}`, servers: [image], at: `10.0.${index}.2` });

      const network = `10.1.${index}`;
      lab.tap(`lt${index}`, `${network}.1`, { offload });
      lab.tap(`st${index}`, `${network}.2`, { offload });
      const carrier = lab.server(lab.load, [
        splice,
        `lt${index}`,
        `st${index}`,
        ...(offload ? ["offload"] : []),
      ]);
      await carrier.says("ready");
      moveTap(lab, `st${index}`, `${network}.2`);
      contestants.push({
        kind,
        name: `Linux over two taps, ${kind}`,
        servers: [iperf, carrier],
        at: `${network}.2`,
      });

      lab.veth(`veth${index}`, `10.2.${index}`);
      if (!offload) withoutOffload(lab, `veth${index}`);
      contestants.push({
        kind,
        name: `Linux over veth, ${kind}`,
        servers: [iperf],
        at: `10.2.${index}.2`,
      });
    }
    for (const { at } of contestants) await lab.reachable(at, PORT);
    for (const [direction, fromServer] of [
      ["to the server", false],
      ["from the server", true],
    ]) {
      const results = await contest(
        contestants.map((one) => ({
          ...one,
          measure: () => bulk(lab, one.at, PORT, fromServer),
        })),
      );
      const what = `TCP over tap ${direction}`;
      rows(report, what, results, { unit: "Gbit", scale: 1e-9 });
      for (const kind of ["offload", "no offload"]) {
        const group = results.filter((_, index) => contestants[index].kind === kind);
        ratios(report, what, group, { [`Linux over two taps, ${kind}`]: "≥ 1 ×" });
      }
    }
  });
}

/** An attached tap moves with its descriptor; what was configured does not. */
function moveTap({ load, serve }, name, address) {
  const words = [
    ["ip", "-n", load, "link", "set", name, "netns", serve],
    ["ip", "-n", serve, "addr", "add", `${address}/24`, "dev", name],
    ["ip", "-n", serve, "link", "set", name, "up"],
  ];
  for (const [command, ...rest] of words) execFileSync(command, rest, { stdio: "pipe" });
}

function withoutOffload({ load, serve }, name) {
  const off = ["tso", "gso", "gro", "tx", "rx"].flatMap((feature) => [feature, "off"]);
  for (const namespace of [load, serve])
    execFileSync("ip", ["netns", "exec", namespace, "ethtool", "-K", name, ...off], {
      stdio: "pipe",
    });
}
