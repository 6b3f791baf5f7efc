/** Identity for references, value for numbers and strings; NaN is the same as NaN. */
export function same<T>(a: T, b: T): bool {
  if (isString<T>()) return a == b;
  if (isReference<T>()) return changetype<usize>(a) == changetype<usize>(b);
  if (isFloat<T>()) return a == b || (a != a && b != b);
  return a == b;
}

/** As `same`, and by content for arrays, views and buffers; other classes by their `==`. */
export function equal<T>(a: T, b: T): bool {
  if (isReference<T>() && !isString<T>()) {
    if (changetype<usize>(a) == changetype<usize>(b)) return true;
    if (changetype<usize>(a) == 0 || changetype<usize>(b) == 0) return false;
    return equalObjects<nonnull<T>>(a!, b!);
  }
  return same<T>(a, b);
}

function equalObjects<T>(a: T, b: T): bool {
  if (a instanceof ArrayBuffer && b instanceof ArrayBuffer) {
    const bytes = a.byteLength;
    if (bytes != b.byteLength) return false;
    return memory.compare(changetype<usize>(a), changetype<usize>(b), bytes) == 0;
  }
  if (isArrayLike<T>()) {
    if (a.length != b.length) return false;
    for (let i = 0; i < a.length; i++)
      if (!equal<valueof<T>>(unchecked(a[i]), unchecked(b[i]))) return false;
    return true;
  }
  return a == b;
}
