/** Which of a connection's replies of this turn wait for replicas: for each, what of, and where it stands. */
export class ReplyMarks {
  count = 0;
  /** Of mark i: the group, the batch, the level at which replicas must have it, whether the reply is to a write of it, and the bytes [start, end) of the turn's output. */
  readonly groups: number[] = [];
  readonly sequences: number[] = [];
  readonly levels: number[] = [];
  readonly writes: boolean[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  add(group: number, sequence: number, level: number, isWrite: boolean, start: number, end: number): void {
    const i = this.count++;
    this.groups[i] = group;
    this.sequences[i] = sequence;
    this.levels[i] = level;
    this.writes[i] = isWrite;
    this.starts[i] = start;
    this.ends[i] = end;
  }

  /** Something of `length` bytes was inserted at `at`: what stood there, or behind, stands behind it. */
  shift(at: number, length: number): void {
    for (let i = this.count - 1; i >= 0 && this.starts[i] >= at; i--) {
      this.starts[i] += length;
      this.ends[i] += length;
    }
  }
}
