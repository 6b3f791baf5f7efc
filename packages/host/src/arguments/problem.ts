/** A value that does not fit; the message continues the sentence `--name: "text" …`. */
export class ValueProblem extends Error {
  override name = "ValueProblem";
}
