import { console } from "@phantasm/console";
import { unikernel } from "phantasm";
import { prefixed } from "phantasm-prefixed-console";

const terminal = console();

export default unikernel("third-party", {
  devices: {
    terminal,
    web: prefixed("web  | ", terminal),
    disk: prefixed("disk | ", terminal),
  },
});
