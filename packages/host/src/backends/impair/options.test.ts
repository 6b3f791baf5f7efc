import { describe, expect, it } from "vitest";
import { parseImpairOption } from "./options.js";

describe("parseImpairOption", () => {
  it.each([
    ["loss=2%", null, { loss: 0.02 }],
    ["wan=loss=2%", "wan", { loss: 0.02 }],
    ["loss=loss=100%", "loss", { loss: 1 }],
    ["delay=50ms±10ms", null, { delayNs: 50e6, jitterNs: 10e6 }],
    ["delay=50ms+-10ms", null, { delayNs: 50e6, jitterNs: 10e6 }],
    ["delay=1s500ms", null, { delayNs: 1.5e9 }],
    ["reorder=1%,duplicate=0.5%", null, { reorder: 0.01, duplicate: 0.005 }],
    ["corrupt=0.1%,rate=10Mbit,seed=7", null, { corrupt: 0.001, rate: 1e7, seed: 7 }],
    ["rate=1.5Gbit", null, { rate: 1.5e9 }],
    ["rate=56kbit", null, { rate: 56_000 }],
    ["rate=9600bit", null, { rate: 9600 }],
  ])("reads %s", (text, name, description) => {
    expect(parseImpairOption(text)).toEqual({ name, description });
  });

  it.each([
    ["", "a setting is missing"],
    ["loss=2%,", "a setting is missing"],
    ["loss", '"loss" has no value'],
    ["loss=", '"loss=" has no value'],
    ["loss=2", '"2" is not a value of loss='],
    ["loss=101%", '"101%" is not a value of loss='],
    ["loss=-1%", '"-1%" is not a value of loss='],
    ["loss=1%,loss=2%", "loss= is there twice"],
    ["delay=50", '"50" is not a value of delay='],
    ["delay=10ms±20ms", '"10ms±20ms" is not a value of delay='],
    ["delay=10ms±", '"10ms±" is not a value of delay='],
    ["delay=2m", '"2m" is not a value of delay='],
    ["rate=10", '"10" is not a value of rate='],
    ["rate=1bit", '"1bit" is not a value of rate='],
    ["rate=10Tbit", '"10Tbit" is not a value of rate='],
    ["seed=x", '"x" is not a value of seed='],
    ["seed=9999999999999999", '"9999999999999999" is not a value of seed='],
    ["speed=1%", 'there is no setting "speed"'],
    ["constructor=1%", 'there is no setting "constructor"'],
  ])("refuses %j and shows the form", (text, problem) => {
    const act = () => parseImpairOption(text);
    expect(act).toThrow(`--impair ${text}: ${problem}`);
    expect(act).toThrow("the form is --impair [NAME=]KEY=VALUE,…");
  });
});
