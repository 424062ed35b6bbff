/**
 * Messages of PUBLISH and SPUBLISH on their way to the subscribers of all members:
 *
 *     PUBLISH = isShard:u8 channel:bytes message:bytes
 *
 * They are sent once: who cannot be reached misses them.
 */

import { PayloadBuffer } from '../../cluster/bus/payload-buffer.js';
import type { PayloadReader } from '../../cluster/bus/payload-reader.js';
import type { MemberLinks } from '../../cluster/coordination/ports.js';
import { MessageKind } from '../../cluster/message-kind.js';
import type { MemberId } from '../../cluster/ring/member.js';

export type ChannelKind = 'channel' | 'shard';

export interface MessageRelayOptions {
  readonly links: MemberLinks;
  /** The other members. */
  readonly others: () => readonly MemberId[];
  /** Sends a message of another member to the subscribers of this one. */
  readonly deliver: (kind: ChannelKind, channel: string, message: Buffer) => void;
}

export class MessageRelay {
  private readonly options: MessageRelayOptions;
  private readonly payload = new PayloadBuffer();

  constructor(options: MessageRelayOptions) {
    this.options = options;
  }

  /** Tells the other members of the message `message[start, end)` to a channel. */
  publish(kind: ChannelKind, channel: string, message: Uint8Array, start: number, end: number): void {
    const { payload } = this;
    payload.clear();
    payload.byte(kind === 'shard' ? 1 : 0);
    payload.bytes(Buffer.from(channel, 'latin1'));
    payload.bytes(message, start, end);
    for (const id of this.options.others()) this.options.links.send(id, MessageKind.PUBLISH, payload);
  }

  /** PUBLISH. */
  onPublish(reader: PayloadReader): void {
    const isShard = reader.byte() === 1;
    const channel = reader.bytes().toString('latin1');
    const message = reader.bytes();
    if (!reader.failed) this.options.deliver(isShard ? 'shard' : 'channel', channel, message);
  }
}
