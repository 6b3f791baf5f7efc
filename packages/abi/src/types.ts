/** TypeScript types derived from the specification. */
import type { HYPERCALLS, ValueType } from "./specification.js";

/** How a WebAssembly value crosses into JavaScript. */
export type JavaScriptValue<T extends ValueType> = T extends "i64" ? bigint : number;

type HypercallEntry = (typeof HYPERCALLS)[number];
export type HypercallName = HypercallEntry["name"];

/** What a manifest may declare, besides devices. */
export type Capability = Exclude<HypercallEntry["capability"], null>;

/** Capabilities that come with a device in the manifest. */
export type DeviceType = Extract<Capability, "net" | "block">;

type Arguments<P extends readonly { readonly type: ValueType }[]> = {
  -readonly [K in keyof P]: JavaScriptValue<P[K]["type"]>;
};

type Result<R> = R extends { readonly type: infer T extends ValueType } ? JavaScriptValue<T> : void;

/** The functions a host hands to an image, with exactly the types of the specification. */
export type Hypercalls = {
  [E in HypercallEntry as E["name"]]: (
    ...values: Arguments<E["parameters"]>
  ) => Result<E["result"]>;
};
