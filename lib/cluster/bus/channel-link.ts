/**
 * A connection that carries channels, all opened by the side that opened it. What bulk goes over it, and who does not read, never stands
 * before the messages between the two, which have a connection of their own.
 *
 *     id      = of the channel, from 1, given by the opener
 *     open    = metadata, UTF-8, up to METADATA_BYTES_MAX        opener: the first of a channel
 *     data    = 1 to 65536 bytes                                  up to WINDOW_BYTES beyond the credit given
 *     credit  = bytes u32                                         so many more may be sent to me
 *     end     =                                                   I have closed, after all that I sent
 *     reset   =                                                   I have closed, and take nothing
 *
 * What comes for a channel that is not there is late, and dropped; data is answered by a reset.
 */

import type { StreamHandler } from '../../host/ports.js';
import { Channel } from './channel.js';
import type { ChannelCarrier } from './channel.js';
import { readUint32 } from './frame.js';
import type { FrameStream } from './frame-stream.js';
import { CHANNEL_CREDIT, CHANNEL_DATA, CHANNEL_END, CHANNEL_OPEN, CHANNEL_RESET } from './kinds.js';
import { BytesPayload, EMPTY_PAYLOAD } from './payload.js';
import { PeerError } from './peer-error.js';

export const METADATA_BYTES_MAX = 16 * 1024;
/** Channels on one connection. */
const CHANNELS_MAX = 64 * 1024;
/** Data for the connection beyond this waits with its channel. */
const ROOM_BYTES = 1024 * 1024;
const CREDIT_BYTES = 4;
const ID_MAX = 2 ** 32 - 1;

/** Takes a channel that a member has opened. Undefined: it is refused. */
export type ChannelAcceptor = (stream: Channel, metadata: string) => StreamHandler | undefined;

export class ChannelLink implements ChannelCarrier {
  private readonly stream: FrameStream;
  private readonly acceptor: ChannelAcceptor | undefined;
  private readonly runLater: (run: () => void) => void;
  private readonly channels = new Map<number, Channel>();
  /** Those that wait for room, in turn. */
  private readonly waiting = new Set<Channel>();
  private readonly data = new BytesPayload(new Uint8Array(0));
  private lastId = 0;

  /** Without an acceptor, this is the side that opens. `later` runs something when the current call is over. */
  constructor(stream: FrameStream, acceptor: ChannelAcceptor | undefined, later: (run: () => void) => void) {
    this.stream = stream;
    this.acceptor = acceptor;
    this.runLater = later;
  }

  get channelCount(): number {
    return this.channels.size;
  }

  get remoteAddress(): string {
    return this.stream.remoteAddress;
  }

  get localAddress(): string {
    return this.stream.localAddress;
  }

  /** Opens a channel. It may be written to at once. */
  open(metadata: Buffer, handler: StreamHandler): Channel {
    const id = this.nextId();
    const channel = new Channel(this, id);
    channel.start(handler);
    this.channels.set(id, channel);
    this.stream.add(CHANNEL_OPEN, id, new BytesPayload(metadata));
    return channel;
  }

  /** A frame has come. False: the other side does not keep to the rules. */
  take(kind: number, id: number, buffer: Buffer, start: number, end: number): boolean {
    if (kind === CHANNEL_OPEN) return this.takeOpen(id, buffer, start, end);
    const channel = this.channels.get(id);
    switch (kind) {
      case CHANNEL_DATA:
        if (channel !== undefined) return channel.takeData(buffer, start, end);
        this.sendReset(id);
        return true;
      case CHANNEL_CREDIT:
        if (end - start !== CREDIT_BYTES) return false;
        return channel?.takeCredit(readUint32(buffer, start)) ?? true;
      case CHANNEL_END:
        channel?.takeEnd();
        return true;
      case CHANNEL_RESET:
        this.channels.delete(id);
        channel?.lose(new PeerError('unreachable', `${this.remoteAddress}: the channel was closed`));
        return true;
      default:
        return false;
    }
  }

  /** The connection has taken all that it was given. */
  sent(): void {
    for (const channel of this.waiting) {
      this.waiting.delete(channel);
      // There is no room any more, and it has gone to the end of those that wait.
      if (!channel.goOn()) break;
    }
  }

  /** The connection is gone, and all that it carried. */
  lose(error: PeerError): void {
    const channels = [...this.channels.values()];
    this.channels.clear();
    this.waiting.clear();
    for (const channel of channels) channel.lose(error);
  }

  hasRoom(channel: Channel): boolean {
    if (this.stream.queuedBytes < ROOM_BYTES) return true;
    this.waiting.add(channel);
    return false;
  }

  sendData(id: number, buffer: Buffer, start: number, end: number): void {
    this.data.set(buffer, start, end);
    this.stream.add(CHANNEL_DATA, id, this.data);
  }

  sendCredit(id: number, bytes: number): void {
    const payload = Buffer.allocUnsafe(CREDIT_BYTES);
    payload.writeUInt32LE(bytes);
    this.stream.add(CHANNEL_CREDIT, id, new BytesPayload(payload));
  }

  sendEnd(id: number): void {
    this.stream.add(CHANNEL_END, id, EMPTY_PAYLOAD);
  }

  sendReset(id: number): void {
    this.stream.add(CHANNEL_RESET, id, EMPTY_PAYLOAD);
  }

  forget(id: number): void {
    this.channels.delete(id);
  }

  later(run: () => void): void {
    this.runLater(run);
  }

  private takeOpen(id: number, buffer: Buffer, start: number, end: number): boolean {
    const { acceptor } = this;
    if (acceptor === undefined || this.channels.has(id) || end - start > METADATA_BYTES_MAX) return false;
    if (this.channels.size >= CHANNELS_MAX) {
      this.sendReset(id);
      return true;
    }
    const channel = new Channel(this, id);
    this.channels.set(id, channel);
    const handler = acceptor(channel, buffer.toString('utf8', start, end));
    if (handler === undefined) {
      this.channels.delete(id);
      this.sendReset(id);
    } else {
      channel.start(handler);
    }
    return true;
  }

  private nextId(): number {
    do this.lastId = this.lastId === ID_MAX ? 1 : this.lastId + 1;
    while (this.channels.has(this.lastId));
    return this.lastId;
  }
}
