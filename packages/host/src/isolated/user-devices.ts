/** What the operator said about user-mode networks, and what the image says it listens for. */
import type { Manifest, NetDevice, Service } from "@phantasm/seal";
import { BootError } from "../attach.js";
import type {
  Named,
  NetDescription,
  PublishDescription,
  PublishWanted,
  UserDescription,
} from "../backends/options.js";

export interface UserWanted {
  readonly publish: readonly Named<PublishWanted>[];
  readonly egress: readonly Named<string>[];
}

/** Services from this port on are published under their own number; others need no privileges so. */
const OWN_PORT_MIN = 1_024;
const SHIFTED_BY = 8_000;
const PUBLISH_ADDRESS = "127.0.0.1";

/**
 * Completes the descriptions of net devices: what has none is a user network, and those get their
 * published ports and rules.
 *
 * @throws BootError when it is not clear which network is meant, or it is of another kind
 */
export function completeNets(
  manifest: Manifest,
  attached: Readonly<Record<string, NetDescription>>,
  wanted: UserWanted,
): Record<string, NetDescription> {
  const devices = manifest.devices.filter((device) => device.type === "net");
  const nets: Record<string, NetDescription> = { ...attached };
  for (const { name } of devices) {
    if (!Object.hasOwn(nets, name)) nets[name] = { kind: "user" };
  }
  const publish = byDevice(manifest, nets, wanted.publish);
  const egress = rulesByDevice(manifest, nets, wanted.egress);
  for (const device of devices) {
    const description = nets[device.name];
    if (description?.kind !== "user") continue;
    const asked = askedOf(device, publish.get(device.name) ?? []);
    const ports = [...asked, ...servicesOf(device, asked)];
    const rules = egress.get(device.name) ?? [];
    nets[device.name] = {
      ...description,
      ...(ports.length === 0 ? {} : { publish: ports }),
      ...(rules.length === 0 ? {} : { egress: rules }),
    };
  }
  return nets;
}

/** What was asked for, with its protocols; the scheme of a service is known for its port. */
function askedOf(
  { services = [] }: NetDevice,
  asked: readonly PublishWanted[],
): PublishDescription[] {
  return asked.flatMap((one) =>
    protocolsOf(one, services, asked).map((protocol) => {
      const scheme = services.find(
        (service) => service.port === one.guestPort && service.protocol === protocol,
      )?.scheme;
      return { ...one, protocol, ...(scheme === undefined ? {} : { scheme }) };
    }),
  );
}

/** Its own; else those that the image declares for the port, and no other option names. */
function protocolsOf(
  { protocol, guestPort }: PublishWanted,
  services: readonly Service[],
  asked: readonly PublishWanted[],
): readonly PublishDescription["protocol"][] {
  if (protocol !== null) return [protocol];
  const named = asked.filter((one) => one.guestPort === guestPort).map((one) => one.protocol);
  const declared = services
    .filter((service) => service.port === guestPort && !named.includes(service.protocol))
    .map((service) => service.protocol);
  return declared.length > 0 ? declared : ["tcp"];
}

/** Services that no option speaks of. */
function servicesOf(
  { services = [] }: NetDevice,
  asked: readonly PublishDescription[],
): PublishDescription[] {
  return services
    .filter(
      ({ port, protocol }) =>
        !asked.some((one) => one.guestPort === port && one.protocol === protocol),
    )
    .map(({ port, protocol, scheme }) => ({
      protocol,
      hostAddress: PUBLISH_ADDRESS,
      hostPort: port >= OWN_PORT_MIN ? port : port + SHIFTED_BY,
      guestPort: port,
      flexible: true,
      ...(scheme === undefined ? {} : { scheme }),
    }));
}

/** `-p` as it would have to be written, for a message. */
function optionOf({ hostPort, guestPort, protocol }: PublishWanted): string {
  return `-p ${hostPort}:${guestPort}${protocol === "udp" ? "/udp" : ""}`;
}

/** Each `-p` goes to one network. */
function byDevice(
  manifest: Manifest,
  nets: Readonly<Record<string, NetDescription>>,
  list: readonly Named<PublishWanted>[],
): Map<string, PublishWanted[]> {
  const result = new Map<string, PublishWanted[]>();
  for (const { name, description } of list) {
    const device = pick(manifest, nets, name, optionOf(description));
    result.set(device.name, [...(result.get(device.name) ?? []), description]);
  }
  return result;
}

/** A rule without a name is for all user networks. */
function rulesByDevice(
  manifest: Manifest,
  nets: Readonly<Record<string, NetDescription>>,
  list: readonly Named<string>[],
): Map<string, string[]> {
  const result = new Map<string, string[]>();
  const add = (name: string, rule: string): void => {
    result.set(name, [...(result.get(name) ?? []), rule]);
  };
  const users = Object.keys(nets).filter((name) => nets[name]?.kind === "user");
  for (const { name, description } of list) {
    const option = `--egress ${description}`;
    if (name !== null) add(pick(manifest, nets, name, option).name, description);
    else if (users.length === 0) throw noUserNetwork(manifest, nets, option);
    else for (const user of users) add(user, description);
  }
  return result;
}

function pick(
  manifest: Manifest,
  nets: Readonly<Record<string, NetDescription>>,
  name: string | null,
  option: string,
): NetDevice {
  const devices = manifest.devices.filter((device) => device.type === "net");
  if (name === null) {
    const users = devices.filter((device) => kindOf(nets, device.name) === "user");
    const [only] = users;
    if (only === undefined) throw noUserNetwork(manifest, nets, option);
    if (users.length === 1) return only;
    const names = users.map((device) => device.name).join(", ");
    const form = option.startsWith("-p") ? "-p NAME:…" : "NAME=…";
    throw new BootError(
      "device",
      `${option}: ${manifest.name} has several user networks (${names}); say which: ${form}`,
    );
  }
  const device = devices.find((one) => one.name === name);
  if (device === undefined) {
    const names = devices.map((one) => one.name).join(", ") || "none";
    throw new BootError(
      "device",
      `${option}: ${manifest.name} has no net device "${name}"\n  Its net devices: ${names}`,
    );
  }
  const kind = kindOf(nets, name);
  if (kind === "user") return device;
  throw new BootError(
    "device",
    `${option}: "${name}" is attached to ${kind}, and only a user network has this\n` +
      `  Attach one: --net ${name}=user`,
  );
}

function noUserNetwork(
  manifest: Manifest,
  nets: Readonly<Record<string, NetDescription>>,
  option: string,
): BootError {
  const names = Object.keys(nets);
  return new BootError(
    "device",
    names.length === 0
      ? `${option}: ${manifest.name} has no net device.`
      : `${option}: no net device of ${manifest.name} is attached to a user network\n` +
          `  Attach one: --net ${names[0]}=user`,
  );
}

function kindOf(
  nets: Readonly<Record<string, NetDescription>>,
  name: string,
): UserDescription["kind"] | Exclude<NetDescription["kind"], "user"> | undefined {
  return Object.hasOwn(nets, name) ? nets[name]?.kind : undefined;
}
