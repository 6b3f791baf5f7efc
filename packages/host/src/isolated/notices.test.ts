import { expect, it } from "vitest";
import { loopback } from "../backends/loopback.js";
import { Notices } from "./notices.js";

it("tells each line once, with its device, also those that come later", () => {
  const lines: string[] = [];
  const wan = Object.assign(loopback(), { notices: ["it is down"] });
  const links = {
    lan: loopback(),
    wan,
    dmz: Object.assign(loopback(), { notices: ["it is down"] }),
  };
  const notices = new Notices(links, (device, text) => lines.push(`${device}: ${text}`));
  notices.tell();
  notices.tell();
  expect(lines).toEqual(["wan: it is down", "dmz: it is down"]);
  wan.notices.push("capture: 2 frames are not in it");
  notices.tell();
  expect(lines.slice(2)).toEqual(["wan: capture: 2 frames are not in it"]);
});
