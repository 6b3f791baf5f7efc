import { Endpoint } from "@phantasm/interfaces";

/** More are not worth a proxy of this size. */
const BACKENDS_MAX: i32 = 64;

/** Told when a backend is taken out, or comes back. */
export interface BackendListener {
  onBackendChanged(backend: Backend): void;
}

/** A server that connections may go to. Counts as up until something shows that it is not. */
export class Backend {
  /** Connections that it has now. */
  connections: i32 = 0;
  private up: bool = true;

  constructor(
    readonly endpoint: Endpoint,
    private readonly listener: BackendListener,
  ) {}

  get isUp(): bool {
    return this.up;
  }

  /** What a check, or a client's connection, has found out. */
  set isUp(value: bool) {
    if (this.up == value) return;
    this.up = value;
    this.listener.onBackendChanged(this);
  }
}

/** All backends, and which of them comes next. */
export class Backends {
  readonly all: Backend[] = [];
  private turn: i32 = 0;

  constructor(private readonly leastConnections: bool) {}

  /** Reads a list such as `10.0.0.2:80,10.0.0.3:80`. False: it is none. */
  read(text: string, listener: BackendListener): bool {
    const parts = text.split(",");
    if (parts.length > BACKENDS_MAX) return false;
    for (let at = 0; at < parts.length; at++) {
      const endpoint = Endpoint.parse(parts[at].trim());
      if (endpoint === null || endpoint.port == 0) return false;
      this.all.push(new Backend(endpoint, listener));
    }
    return true;
  }

  /** The next one that is up; those with equal claims take turns. Null: there is none. */
  choose(): Backend | null {
    const all = this.all;
    let best: Backend | null = null;
    let place = 0;
    for (let step = 0; step < all.length; step++) {
      const at = (this.turn + step) % all.length;
      const backend = all[at];
      if (!backend.isUp) continue;
      if (best !== null && backend.connections >= best.connections) continue;
      best = backend;
      place = at;
      if (!this.leastConnections) break;
    }
    this.turn = place + 1;
    return best;
  }
}
