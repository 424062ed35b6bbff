/** Gets what is in a DUMP payload, in its order. The buffers are views that end with the call, unless a reader says otherwise. */
export interface DumpVisitor {
  /** An element of a list (from its head on) or a member of a set. */
  element(value: Buffer): void;
  /** A field of a hash and its value. */
  field(field: Buffer, value: Buffer): void;
  /** A member of a sorted set. */
  member(member: Buffer, score: number): void;
}
