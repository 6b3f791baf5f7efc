/**
 * What an image declares about itself, sealed with it in the custom section `manifest`.
 *
 * The schema is closed: an unknown, missing or duplicate field is refused. The encoding is canonical
 * JSON (RFC 8785), at most MANIFEST_BYTES_MAX bytes. 64-bit numbers are decimal strings, since a JSON
 * number cannot carry them.
 */
import type { Capability, DeviceType } from "@phantasm/abi";

/** Capabilities without a device, listed in `capabilities`. */
export type PlainCapability = Exclude<Capability, DeviceType>;

/** Something that the image listens for on a net device: what an operator may want to reach. */
export interface Service {
  /** 1 to 65535. */
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** Of a URL (RFC 3986 §3.1), such as `http`. */
  readonly scheme?: string;
}

export interface NetDevice {
  readonly name: string;
  readonly type: "net";
  /** Bits of NetFeature the image accepts. */
  readonly offloads: number;
  /** Sorted by port, then protocol, without duplicates. Absent when there are none, never empty. */
  readonly services?: readonly Service[];
}

export interface BlockDevice {
  readonly name: string;
  readonly type: "block";
}

/** Position in `Manifest.devices` is the handle in hypercalls. */
export type ManifestDevice = NetDevice | BlockDevice;

interface ArgumentBase {
  readonly name: string;
  /** One line for `--help`. */
  readonly help: string;
  /** True: boot is refused without a value. Never true together with a default. */
  readonly required: boolean;
}

/** Signed 64-bit, as decimal text. Duration counts nanoseconds, size counts bytes. */
export interface NumberArgument extends ArgumentBase {
  readonly type: "integer" | "duration" | "size";
  readonly default?: string;
  readonly minimum?: string;
  readonly maximum?: string;
}

export interface BooleanArgument extends ArgumentBase {
  readonly type: "boolean";
  readonly default?: boolean;
}

/** Dotted decimal; `cidr` has a prefix length, as in `10.0.0.1/24`. `secret` never has a default. */
export interface TextArgument extends ArgumentBase {
  readonly type: "string" | "ipv4" | "cidr";
  readonly default?: string;
}

export interface SecretArgument extends ArgumentBase {
  readonly type: "secret";
}

export interface EnumerationArgument extends ArgumentBase {
  readonly type: "enumeration";
  readonly values: readonly string[];
  readonly default?: string;
}

export type ManifestArgument =
  NumberArgument | BooleanArgument | TextArgument | SecretArgument | EnumerationArgument;

/** A library-OS or application package that has bytes in the image. The author's claim. */
export interface ManifestModule {
  /** npm package name, or the image's own name for the application. */
  readonly name: string;
  readonly version: string;
  /** SHA-256 over the module's sources that were compiled, as `sha256:` and 64 hex digits. */
  readonly digest: string;
  /** Bytes of code in the image. */
  readonly bytes: number;
}

/** Data of a device that lie in the image, such as files. The author's claim. */
export interface ManifestData {
  /** Of the device in the configuration, and of its parameter when it has several: `pages`, `site.index`. */
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 of them, as `sha256:` and 64 hex digits. */
  readonly digest: string;
}

export interface Manifest {
  readonly abi: number;
  readonly name: string;
  /** Sorted, without duplicates. Each stands for all hypercalls of that capability. */
  readonly capabilities: readonly PlainCapability[];
  readonly devices: readonly ManifestDevice[];
  /** In the order in which their values are encoded for the image. */
  readonly arguments: readonly ManifestArgument[];
  /** Pages of 64 KiB; equal to the limits of the memory in the image. */
  readonly memory: { readonly minimum: number; readonly maximum: number };
  /** Where the observation block lies, and the version of its layout. */
  readonly observation: {
    readonly address: number;
    readonly bytes: number;
    readonly version: number;
  };
  /** Sorted by name. */
  readonly modules: readonly ManifestModule[];
  /** Sorted by name. Absent when there are none, never empty. */
  readonly data?: readonly ManifestData[];
  /** Tool name to version, for example `assemblyscript`, `binaryen`, `phantasm`. */
  readonly toolchain: Readonly<Record<string, string>>;
}

/** Names of images, devices and arguments. */
export const NAME_PATTERN = /^[a-z][a-z0-9-]{0,62}$/;

export const MANIFEST_BYTES_MAX = 65_536;
