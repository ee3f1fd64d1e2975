/**
 * Which rows of a vector are meant: half-open ranges, in the order in which they are read. A scan is one range; the
 * child of a list whose entries lie apart is many.
 */
export class Ranges {
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** Rows in all ranges. */
  rows = 0;
  /** One past the highest row: how much of the vector must be readable. */
  end = 0;

  static of(from: number, to: number): Ranges {
    const ranges = new Ranges();
    ranges.add(from, to);
    return ranges;
  }

  get count(): number {
    return this.starts.length;
  }

  /** Adds `[from, to)`; a range that continues the last one is joined to it. */
  add(from: number, to: number): void {
    if (to <= from) return;
    const last = this.ends.length - 1;
    if (last >= 0 && this.ends[last] === from) this.ends[last] = to;
    else {
      this.starts.push(from);
      this.ends.push(to);
    }
    this.rows += to - from;
    if (to > this.end) this.end = to;
  }

  /** The same rows of a child that has `size` rows for each row here. */
  times(size: number): Ranges {
    const ranges = new Ranges();
    for (let i = 0; i < this.count; i++) ranges.add(this.starts[i]! * size, this.ends[i]! * size);
    return ranges;
  }
}
