/** One connection under a pipelined load of writes, which notes what was sent, and what was acknowledged when. */
import type { RespClient } from '../tools/resp-client.js';
import { WriteHistory } from './write-history.js';
import type { WriteMix } from './write-mix.js';

/** Commands without an answer, at most; new ones are sent when half of them are answered. */
const WINDOW = 128;
const REFUSED = /^(ERR The server is shutting down|MISCONF)/;

export class Writer {
  readonly history: WriteHistory;
  /** Resolves when the connection is gone, or everything that was sent is refused. Rejects at an answer that is wrong. */
  readonly over: Promise<void>;
  /** Resolves with the first acknowledgement. */
  readonly begun: Promise<void>;
  readonly #client: RespClient;
  readonly #mix: WriteMix;
  #inFlight = 0;
  #refused = false;
  #resolve: () => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #begin: () => void = () => undefined;

  /** Begins to write. `start`: what the keys of the mix hold. */
  constructor(client: RespClient, mix: WriteMix, start: ReadonlyMap<string, string>) {
    this.#client = client;
    this.#mix = mix;
    this.history = new WriteHistory(start);
    this.over = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.begun = new Promise((resolve) => (this.#begin = resolve));
    this.#fill();
  }

  #fill(): void {
    while (!this.#refused && this.#inFlight < WINDOW) this.#send();
  }

  #send(): void {
    const write = this.#mix.next(this.history.state);
    this.history.record(write.effects);
    this.#inFlight++;
    this.#client.call(...write.command).then(
      (reply) => {
        if (reply === write.reply) return this.#answered();
        const command = write.command.join(' ').slice(0, 100);
        this.#reject(new Error(`expected '${write.reply}' for '${command}', found '${String(reply)}'`));
      },
      (error: unknown) => this.#failed(error instanceof Error ? error : new Error(String(error))),
    );
  }

  #answered(): void {
    if (this.#refused) return this.#reject(new Error('a write was accepted after one was refused'));
    this.history.acknowledge(performance.now());
    this.#begin();
    this.#inFlight--;
    if (this.#inFlight <= WINDOW / 2) this.#fill();
  }

  #failed(error: Error): void {
    const isReply = error.name === 'ReplyError';
    if (isReply && !REFUSED.test(error.message)) return this.#reject(error);
    this.#refused = true;
    this.#inFlight--;
    // After a refusal all the rest is refused; after the end of the connection nobody knows what became of it.
    if (isReply) this.history.refuseRest();
    if (!isReply || this.#inFlight === 0) this.#resolve();
  }
}
