/**
 * What a connection is answered in one turn: the replies of its commands, and messages between them (of channels, of MONITOR).
 *
 *  1. A message never stands inside of a reply. It comes before that of the command that waits; and so it does if one runs, which may know how much
 *     it had written: then it is kept until that has run.
 *  2. What says where in the output replies stand (`spans`, and what `onInserted` knows of) moves with what is inserted before them.
 */

import type { ReplyWriter } from '../protocol/reply-writer.js';
import { ReplySpans } from './reply-spans.js';

export class TurnReplies {
  /** The replies that say what data holds, or that it was changed, while not all of that is logged: they wait if the log has no room. */
  spans = new ReplySpans();
  /** Where the reply of the command that runs or waits begins. */
  start = 0;
  private readonly writer: ReplyWriter;
  private readonly onInserted: (at: number, length: number) => void;
  /** A command runs at this moment. */
  private isExecuting = false;
  /** Messages that came meanwhile. */
  private readonly kept: Buffer[] = [];

  constructor(writer: ReplyWriter, onInserted: (at: number, length: number) => void) {
    this.writer = writer;
    this.onInserted = onInserted;
  }

  /** A command begins to run. */
  enterCommand(): void {
    this.start = this.writer.length;
    this.isExecuting = true;
  }

  /** It has run, or waits. Returns whether messages were kept: `insertKept` is to follow. */
  leaveCommand(): boolean {
    this.isExecuting = false;
    return this.kept.length > 0;
  }

  /** Keeps a copy of a message if a command runs at this moment; false if none does. */
  keep(message: Buffer, length: number): boolean {
    if (this.isExecuting) this.kept.push(Buffer.from(message.subarray(0, length)));
    return this.isExecuting;
  }

  /** Puts what was kept before what the command that has run has answered. */
  insertKept(): void {
    for (const message of this.kept) this.insert(message, message.length);
    this.kept.length = 0;
  }

  /** Puts a message before what the command that runs or waits has answered. */
  insert(message: Buffer, length: number): void {
    this.writer.insert(this.start, message, 0, length);
    this.onInserted(this.start, length);
    this.spans.shift(this.start, length);
    this.start += length;
  }

  /** The output is taken: what is answered from now on is another one. */
  begin(): void {
    this.start = 0;
    this.spans.clear();
  }

  /** Which of the replies wait for room; those of the next output are others. */
  takeSpans(): ReplySpans {
    const { spans } = this;
    this.spans = new ReplySpans();
    return spans;
  }

  /** Nobody is answered any more. */
  clear(): void {
    this.writer.truncate(0);
    this.start = 0;
  }
}
