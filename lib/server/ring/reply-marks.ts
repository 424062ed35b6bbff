import { ReplySpans } from '../reply-spans.js';

/** Which of a connection's replies of this turn wait for replicas, and what of. */
export class ReplyMarks extends ReplySpans {
  /** Of span i: the group, the batch, the level at which replicas must have it, and whether the reply is to a write of it. */
  readonly groups: number[] = [];
  readonly sequences: number[] = [];
  readonly levels: number[] = [];
  readonly writes: boolean[] = [];

  mark(group: number, sequence: number, level: number, isWrite: boolean, start: number, end: number): void {
    const i = this.count;
    this.groups[i] = group;
    this.sequences[i] = sequence;
    this.levels[i] = level;
    this.writes[i] = isWrite;
    this.add(start, end);
  }
}
