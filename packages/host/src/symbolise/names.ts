/** `app/trap/Conn#parse` → `Conn#parse`, `~lib/map/Map<~lib/string/String,i32>#get` → `Map<String,i32>#get`. */
export function shortName(name: string): string {
  return name.replace(/(?:[~\w@.-]+\/)+/g, "");
}

/** `~lib/array/Array<main/Item>` → `Array<main/Item>`: classes of the application keep their file. */
export function className(name: string): string {
  return name.replace(/~lib\/(?:[\w@.-]+\/)*/g, "");
}
