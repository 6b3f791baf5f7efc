/**
 * A mistake of AssemblyScript 0.28 that must not reach an image: a class that is first made in a method
 * which itself is only called through an interface comes too late to be asked for its overrides, and a call
 * of one is then a trap. The compiler looks again as long as its resolver says that something was
 * discovered; here a new class says so too.
 */

interface ClassPrototype {
  readonly instances: ReadonlyMap<string, unknown> | null;
}

interface Resolver {
  discoveredOverride: boolean;
  resolveClass: (this: Resolver, prototype: ClassPrototype, ...rest: unknown[]) => unknown;
}

/** @param program of this compilation, before anything is compiled */
export function findAllOverrides({ resolver }: { readonly resolver: unknown }): void {
  if (!isResolver(resolver))
    throw new Error("AssemblyScript's resolver has changed: it no longer discovers overrides");
  const { resolveClass } = resolver;
  resolver.resolveClass = function (prototype, ...rest) {
    const before = prototype.instances?.size ?? 0;
    const resolved = resolveClass.call(this, prototype, ...rest);
    if ((prototype.instances?.size ?? 0) > before) this.discoveredOverride = true;
    return resolved;
  };
}

function isResolver(value: unknown): value is Resolver {
  return (
    typeof value === "object" &&
    value !== null &&
    "discoveredOverride" in value &&
    "resolveClass" in value &&
    typeof value.resolveClass === "function"
  );
}
