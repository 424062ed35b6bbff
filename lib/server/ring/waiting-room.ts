/**
 * Takes the clients of a node that is in no ring yet, and tells each why it has to wait: every request is answered with `-CLUSTERDOWN`. It closes, with all
 * their connections, before the node takes clients itself.
 */

import type { Config } from '../../config/config.js';
import type { ByteStream, ListenAddress, Listener, Network, StreamHandler, TlsSettings } from '../../host/ports.js';
import { FAILED, PARSED, RequestParser } from '../../protocol/request-parser.js';
import { isOptional, listenAddresses } from '../addresses.js';

/** Replies that a guest does not take are not made: with so many of them it is read no further. */
const REPLIES_MAX = 1000;

/** So many wait at most: files are needed to become a member. Whoever comes behind them is told so, and goes. */
const GUESTS_MAX = 512;
const CROWDED = Buffer.from('-ERR max number of clients reached\r\n');

export interface WaitingRoomOptions {
  readonly config: Config;
  readonly network: Network;
  /** For `tls-port`. */
  readonly tls?: TlsSettings | undefined;
  /** What the node waits for, in words. */
  readonly reason: () => string;
}

export class WaitingRoom {
  private readonly options: WaitingRoomOptions;
  private readonly listeners: Listener[] = [];
  private readonly guests = new Set<Guest>();

  constructor(options: WaitingRoomOptions) {
    this.options = options;
  }

  /** Rejects if an address cannot be had. */
  async open(): Promise<void> {
    const { config, network, tls } = this.options;
    for (const address of listenAddresses(config, tls)) await this.listen(network, address);
  }

  close(): void {
    for (const listener of this.listeners) listener.close();
    for (const guest of this.guests) guest.close();
    this.guests.clear();
  }

  private async listen(network: Network, address: ListenAddress): Promise<void> {
    try {
      this.listeners.push(await network.listen(address, (stream) => this.accept(stream)));
    } catch (error) {
      if (!isOptional(this.options.config, address, error)) throw error;
    }
  }

  private accept(stream: ByteStream): StreamHandler {
    const guest = new Guest(
      stream,
      () => this.text(),
      () => {
        this.guests.delete(guest);
      },
    );
    if (this.guests.size >= Math.min(GUESTS_MAX, this.options.config.maxclients)) guest.turnAway();
    else this.guests.add(guest);
    return guest;
  }

  /** Whoever has not shown a password, where there is one, is not told about other nodes. */
  private text(): string {
    const { config, reason } = this.options;
    return config.requirepass === '' ? `this node is in no ring yet: ${reason()}` : 'this node is in no ring yet';
  }
}

/** One connection. */
class Guest implements StreamHandler {
  private readonly stream: ByteStream;
  private readonly text: () => string;
  private readonly onGone: () => void;
  private readonly parser = new RequestParser();
  private isSending = false;
  private isOver = false;

  constructor(stream: ByteStream, text: () => string, onGone: () => void) {
    this.stream = stream;
    this.text = text;
    this.onGone = onGone;
    // Nobody has said who he is: long requests are not taken.
    this.parser.authenticated = false;
  }

  /** There is no room for it. */
  turnAway(): void {
    this.send(CROWDED);
    this.close();
  }

  onData(buffer: Buffer, length: number): void {
    if (this.isOver) return;
    this.parser.feed(buffer, 0, length);
    this.answer();
    this.parser.retain();
  }

  onDrain(): void {
    this.isSending = false;
    if (this.isOver) return;
    this.stream.resume();
    this.answer();
    this.parser.retain();
  }

  onEnd(): void {
    this.close();
  }

  onClose(): void {
    this.isOver = true;
    this.onGone();
  }

  close(): void {
    if (!this.isOver) this.stream.end();
    this.onClose();
  }

  /** Answers what has come, as far as the answers are taken. */
  private answer(): void {
    const line = `-CLUSTERDOWN ${this.text()}\r\n`;
    while (!this.isSending) {
      let count = 0;
      let status = PARSED;
      while (count < REPLIES_MAX && (status = this.parser.next()) === PARSED) count++;
      let replies = line.repeat(count);
      if (status === FAILED && this.parser.error !== '') replies += `-ERR ${this.parser.error}\r\n`;
      if (replies !== '') this.send(Buffer.from(replies, 'latin1'));
      if (status === FAILED) this.close();
      if (status !== PARSED) return;
    }
  }

  private send(bytes: Buffer): void {
    this.isSending = !this.stream.write(bytes, 0, bytes.length);
    if (this.isSending) this.stream.pause();
  }
}
