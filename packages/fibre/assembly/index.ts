import "./main";

export { CANCELLED, CLOSED, EXHAUSTED, TIMED_OUT } from "@phantasm/interfaces";
export { Fibre, FibreState, current, sleep, sleepUntil, spawn, wait, yieldNow } from "./fibre";
export { WaitQueue } from "./wait";
