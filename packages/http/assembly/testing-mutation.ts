/** For tests: texts that are nearly right. */
import { TestRandom } from "@phantasm/testing/random";

export function oneOf(texts: string[], random: TestRandom): string {
  return texts[random.below(texts.length)];
}

/** Up to two changes: a character in the place of another, one more, one less, or a part that is left out or comes twice. */
export function mutated(text: string, random: TestRandom): string {
  for (let changes = random.below(3); changes > 0; changes--) {
    const at = random.below(text.length);
    const kind = random.below(4);
    const odd = String.fromCharCode(random.below(256));
    if (kind == 0) text = text.substring(0, at) + odd + text.substring(at + 1);
    else if (kind == 1) text = text.substring(0, at) + odd + text.substring(at);
    else if (kind == 2) text = text.substring(0, at) + text.substring(at + 1);
    else text = text.substring(0, at) + text.substring(random.below(text.length));
  }
  return text;
}
