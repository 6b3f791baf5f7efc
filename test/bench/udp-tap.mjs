// UDP echo: the example on a tap, beside a responder in C on the bare tap and one on a socket across a veth.
import { contest, ratios, rows } from "./contest.mjs";
import { inLab } from "./lab.mjs";
import { datagrams } from "./loads.mjs";

/** Datagrams a second, and a second of the responder's processor time. */
export function tapUdp(report) {
  return inLab(report, "UDP over tap", [], async (lab) => {
    const load = lab.compile("udp-load");
    lab.tap("tap0", "10.0.0.1");
    // A tap of its own: the responder in C has no header and a fixed address, 10.0.0.2, on it.
    lab.tap("tap1", "10.1.0.1", { offload: false });
    lab.veth("veth0", "10.2.0");
    const image = await lab.phantasm(
      "examples/udp-echo",
      ["--net", "tap:tap0"],
      ["--ipv4=10.0.0.2/24"],
    );
    const raw = lab.server(lab.load, [lab.compile("tap-echo"), "tap1", "10.1.0.2"]);
    const socket = lab.server(lab.serve, [lab.compile("socket-server"), "7", "udp"]);
    await raw.says("ready");
    await socket.says("ready");
    const results = await contest(
      [
        { name: "image", at: "10.0.0.2", servers: [image] },
        { name: "responder in C on a bare tap", at: "10.1.0.2", servers: [raw] },
        { name: "socket in C over veth", at: "10.2.0.2", servers: [socket] },
      ].map((one) => ({ ...one, measure: () => datagrams(lab, load, one.at, 7) })),
    );
    rows(report, "UDP echo of 64 bytes", results, { unit: "k", scale: 1e-3, digits: 0 });
    ratios(report, "UDP echo of 64 bytes", results);
  });
}
