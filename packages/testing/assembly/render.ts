/** Elements of an array shown at most. */
const ELEMENTS_MAX: i32 = 64;

/** A value as a failure shows it. */
export function render<T>(value: T): string {
  if (isReference<T>()) {
    if (changetype<usize>(value) == 0) return "null";
    return renderObject<nonnull<T>>(value!);
  }
  if (isBoolean<T>()) return value ? "true" : "false";
  if (isInteger<T>() || isFloat<T>()) return value.toString();
  return nameof<T>();
}

function renderObject<T>(value: T): string {
  if (isString<T>()) return '"' + value + '"';
  if (isFunction<T>()) return "function";
  if (value instanceof ArrayBuffer) return "ArrayBuffer " + renderList(Uint8Array.wrap(value));
  if (isArrayLike<T>()) return renderList<T>(value);
  if (isDefined(value.toString)) return value.toString();
  return nameof<T>();
}

function renderList<T>(list: T): string {
  const shown = min(list.length, ELEMENTS_MAX);
  let text = "[";
  for (let i = 0; i < shown; i++) {
    if (i > 0) text += ", ";
    text += render<valueof<T>>(unchecked(list[i]));
  }
  if (shown < list.length) text += `, … ${list.length - shown} more`;
  return text + "]";
}
