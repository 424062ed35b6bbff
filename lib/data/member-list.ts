/** Members with their scores that are gathered before they are answered or stored: in a few growing arrays, no object a member. */
export class MemberList {
  count = 0;
  /** Member i is `bytes[start(i), end(i))`. Another one after `add`. */
  bytes: Buffer;
  private ends: Float64Array;
  private scores: Float64Array;

  constructor(expected = 16) {
    const room = Math.max(16, expected);
    this.bytes = Buffer.allocUnsafeSlow(room * 16);
    this.ends = new Float64Array(room);
    this.scores = new Float64Array(room);
  }

  start(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1];
  }

  end(index: number): number {
    return this.ends[index];
  }

  score(index: number): number {
    return this.scores[index];
  }

  setScore(index: number, score: number): void {
    this.scores[index] = score;
  }

  /** Adds a copy of a member: `bytes[start, end)`. Returns its index. */
  add(bytes: Buffer, start: number, end: number, score: number): number {
    const index = this.count++;
    if (index === this.ends.length) this.growArrays(index * 2);
    const at = this.start(index);
    const needed = at + end - start;
    if (needed > this.bytes.length) this.growBytes(Math.max(needed, this.bytes.length * 2));
    bytes.copy(this.bytes, at, start, end);
    this.ends[index] = needed;
    this.scores[index] = score;
    return index;
  }

  /** The indexes of all members, ordered by score and member. */
  inOrder(): Int32Array {
    const order = Int32Array.from({ length: this.count }, (_, i) => i);
    return order.sort((a, b) => this.compare(a, b));
  }

  private compare(a: number, b: number): number {
    const { scores, bytes } = this;
    if (scores[a] !== scores[b]) return scores[a] < scores[b] ? -1 : 1;
    return bytes.compare(bytes, this.start(b), this.end(b), this.start(a), this.end(a));
  }

  private growArrays(room: number): void {
    const { ends, scores } = this;
    this.ends = new Float64Array(room);
    this.scores = new Float64Array(room);
    this.ends.set(ends);
    this.scores.set(scores);
  }

  private growBytes(room: number): void {
    const { bytes } = this;
    this.bytes = Buffer.allocUnsafeSlow(room);
    bytes.copy(this.bytes);
  }
}
