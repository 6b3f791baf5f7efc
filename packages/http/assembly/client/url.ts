/** Addresses of resources that a client can ask for: `http://host[:port]/path?query` (RFC 9110 §4.2.1, RFC 3986). */

const PORT: i32 = 80;
/** Longer ones are none. */
const URL_UNITS_MAX: i32 = 8_000;

export class HttpUrl {
  private constructor(
    /** A name, or an address; of IPv6 without brackets. In lower case. */
    readonly host: string,
    readonly port: u16,
    /** Path and query; begins with a slash. */
    readonly target: string,
  ) {}

  /** Null: it is none, or not of `http`. A fragment is left out (RFC 9110 §4.2.5). */
  static parse(text: string): HttpUrl | null {
    if (text.length > URL_UNITS_MAX || !isPlain(text)) return null;
    if (text.length < 8 || text.substring(0, 7).toLowerCase() != "http://") return null;
    let end = 7;
    while (end < text.length && "/?#".indexOf(text.charAt(end)) < 0) end++;
    const authority = text.substring(7, end);
    let hostEnd = authority.length;
    let host = "";
    if (authority.startsWith("[")) {
      hostEnd = authority.indexOf("]") + 1;
      if (hostEnd < 3) return null;
      host = authority.substring(1, hostEnd - 1);
    } else {
      const colon = authority.indexOf(":");
      if (colon >= 0) hostEnd = colon;
      host = authority.substring(0, hostEnd);
      // A user's name and password in front of it are an old trap.
      if (host.length == 0 || authority.indexOf("@") >= 0) return null;
    }
    let port = PORT;
    if (hostEnd < authority.length) {
      port = parsePort(authority.substring(hostEnd));
      if (port < 0) return null;
    }
    return new HttpUrl(host.toLowerCase(), <u16>port, targetOf(text.substring(end)));
  }

  /** What a reference means here (RFC 3986 §5.2), as in Location. Null: it leads to no URL of `http`. */
  resolve(reference: string): HttpUrl | null {
    const colon = reference.indexOf(":");
    const slash = firstOf(reference, "/?#");
    if (colon >= 0 && (slash < 0 || colon < slash)) return HttpUrl.parse(reference);
    if (reference.startsWith("//")) return HttpUrl.parse("http:" + reference);
    if (!isPlain(reference) || reference.length > URL_UNITS_MAX) return null;
    let target = reference;
    if (reference.startsWith("?")) target = this.path + reference;
    else if (reference.startsWith("#") || reference.length == 0) target = this.target;
    else if (!reference.startsWith("/")) {
      const path = this.path;
      target = path.substring(0, path.lastIndexOf("/") + 1) + reference;
    }
    return new HttpUrl(this.host, this.port, withoutDots(targetOf(target)));
  }

  private get path(): string {
    const query = this.target.indexOf("?");
    return query < 0 ? this.target : this.target.substring(0, query);
  }

  /** Host and port, as in the field Host: the port only if it is not 80. */
  get authority(): string {
    const host = this.host.indexOf(":") < 0 ? this.host : `[${this.host}]`;
    return this.port == <u16>PORT ? host : `${host}:${this.port}`;
  }

  isSameHost(other: HttpUrl): bool {
    return this.port == other.port && this.host == other.host;
  }

  toString(): string {
    return `http://${this.authority}${this.target}`;
  }
}

/** No space, no control, ASCII: what would split a request is none of it. */
function isPlain(text: string): bool {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c <= 0x20 || c >= 0x7f) return false;
  }
  return true;
}

/** Of `:8080`; empty means the usual one. -1: it is none. */
function parsePort(text: string): i32 {
  if (!text.startsWith(":") || text.length > 6) return -1;
  if (text.length == 1) return PORT;
  let port = 0;
  for (let i = 1; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    port = port * 10 + digit;
  }
  return port > 0 && port <= 65_535 ? port : -1;
}

function targetOf(text: string): string {
  const hash = text.indexOf("#");
  const target = hash < 0 ? text : text.substring(0, hash);
  return target.startsWith("/") ? target : "/" + target;
}

function firstOf(text: string, characters: string): i32 {
  for (let i = 0; i < text.length; i++) if (characters.indexOf(text.charAt(i)) >= 0) return i;
  return -1;
}

/** RFC 3986 §5.2.4. */
function withoutDots(target: string): string {
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.substring(0, query);
  const kept: string[] = [];
  const parts = path.substring(1).split("/");
  for (let i = 0; i < parts.length; i++) {
    const isLast = i == parts.length - 1;
    if (parts[i] == ".." && kept.length > 0) kept.pop();
    if (parts[i] != "." && parts[i] != "..") kept.push(parts[i]);
    else if (isLast) kept.push("");
  }
  return "/" + kept.join("/") + (query < 0 ? "" : target.substring(query));
}
