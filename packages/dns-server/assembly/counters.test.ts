import { expect, test } from "@phantasm/testing";
import { SERVER_LABELS, ServerCounters } from "./counters";

test("a word for each counter", () => {
  expect(SERVER_LABELS.split(" ").length).toBe(<i32>(offsetof<ServerCounters>() >> 3));
});
