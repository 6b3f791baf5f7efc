import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { boolean, duration, enumeration, integer, secret, string, unikernel } from "phantasm";

export default unikernel("hello-arguments", {
  devices: { console: console(), clock: clock() },
  arguments: {
    greeting: enumeration(["Hello", "Salut", "Servus"], { default: "Hello", help: "How to begin" }),
    name: string({ help: "Whom to greet; the world if not given" }),
    times: integer({ default: 1, minimum: 1, maximum: 100, help: "How often" }),
    pause: duration({ default: "0s", maximum: "1m", help: "Time between two greetings" }),
    shout: boolean({ default: false, help: "In capital letters" }),
    password: secret({ help: "Only its length is told" }),
  },
});
