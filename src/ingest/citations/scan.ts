/** A place in a text that moves forward over what is recognised. Every pattern is sticky and bounded, so time is linear. */
export class Scan {
  readonly text: string;
  at: number;

  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  /** Matches a sticky pattern here and moves behind it. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) return undefined;
    this.at += found[0].length;
    return found;
  }

  /** Whether a sticky pattern matches here. */
  sees(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    return pattern.test(this.text);
  }

  /** Runs a step that may fail: then the place is as it was before. */
  attempt<T>(step: () => T | undefined): T | undefined {
    const before = this.at;
    const result = step();
    if (result === undefined) this.at = before;
    return result;
  }
}
