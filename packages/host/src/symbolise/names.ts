/** `app/trap/Conn#parse` → `Conn#parse`, `~lib/map/Map<~lib/string/String,i32>#get` → `Map<String,i32>#get`. */
export function shortName(name: string): string {
  return name.replace(/(?:[~\w@.-]+\/)+/g, "");
}
