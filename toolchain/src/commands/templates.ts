/** The templates of `phantasm new`: whole projects in the folder `templates` of this package. */

export interface Template {
  /** Its folder, and the name of its image. */
  readonly name: string;
  readonly summary: string;
}

export const TEMPLATES: readonly Template[] = [
  { name: "hello", summary: "greets, with a boot argument" },
  { name: "console", summary: "reads lines from the console" },
];
