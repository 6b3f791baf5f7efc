import { console } from "@phantasm/console";
import { string, unikernel } from "phantasm";

export default unikernel("hello", {
  devices: { console: console() },
  arguments: { name: string({ default: "world", help: "who to greet" }) },
});
