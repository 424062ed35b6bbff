/** What the topology needs of the rest of a node. */

import type { MemberId } from '../ring/member.js';

/** Whom a message is for: a member, wherever it is now, or whoever is at the address of a seed, `host:port`. */
export type Target = { readonly member: MemberId } | { readonly seed: string };

export interface Messenger {
  /**
   * Asks; `onAnswer` is called once, later: with the answer, or with undefined if there is none in time, or nobody to ask. What is for this node
   * itself, by id or by a seed's address, comes to its own handler.
   */
  ask(target: Target, message: Buffer, timeoutMs: number, onAnswer: (answer: Buffer | undefined) => void): void;
  /** Has messages handled; `answer` is called at most once for each, at once or later. */
  serve(handler: (message: Buffer, answer: (message: Buffer) => void) => void): void;
}
