import type { ByteStream, StreamHandler } from '../../host/ports.js';
import { ChannelLink } from './channel-link.js';
import type { FrameReceiver, FrameStream } from './frame-stream.js';
import type { Purpose } from './handshake.js';
import { PeerError } from './peer-error.js';
import type { MemberId } from '../ring/member.js';
import { RoundTrips } from './round-trips.js';
import { Traffic } from './traffic.js';

export interface OutgoingChannelsHost {
  /** Begins to connect to where the member is now. */
  open(memberId: MemberId, purpose: Purpose, receiver: FrameReceiver, roundTrips: RoundTrips): FrameStream;
  /** Runs something after the current call. */
  later(run: () => void): void;
}

/**
 * The channels from this member to another one. The connection is made with the first of them, and kept. If it cannot be made, what was written to them has not left, and their
 * handlers are told so: `onClose` gets a PeerError that `isUnsent`.
 */
export class OutgoingChannels implements FrameReceiver {
  readonly traffic = new Traffic();

  private readonly host: OutgoingChannelsHost;
  private readonly memberId: MemberId;
  private stream: FrameStream | undefined;
  private link: ChannelLink | undefined;
  private hasOpened = false;

  constructor(host: OutgoingChannelsHost, memberId: MemberId) {
    this.host = host;
    this.memberId = memberId;
  }

  get count(): number {
    return this.link?.channelCount ?? 0;
  }

  get queuedBytes(): number {
    return this.stream?.queuedBytes ?? 0;
  }

  open(metadata: Buffer, handler: StreamHandler): ByteStream {
    this.link ??= this.connect();
    return this.link.open(metadata, handler);
  }

  /** The member lives: a stream that is stuck is not waited for. */
  hurry(): void {
    this.stream?.hurry();
  }

  /** Closes all channels, and the connection. */
  close(error: PeerError): void {
    this.stream?.close();
    this.onClosed(error);
  }

  onOpen(): void {
    this.hasOpened = true;
  }

  onMessage(kind: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (this.link?.take(kind, id, buffer, start, end) !== false) return;
    this.close(new PeerError('unreachable', `${this.memberId}: sent what is no channel's`));
  }

  onSent(): void {
    this.link?.sent();
  }

  onClosed(error: PeerError): void {
    const { link } = this;
    this.stream = this.link = undefined;
    link?.lose(
      this.hasOpened ? error : new PeerError(error.code, error.message, { cause: error.cause, isUnsent: true }),
    );
  }

  private connect(): ChannelLink {
    this.hasOpened = false;
    this.stream = this.host.open(this.memberId, 'channels', this, new RoundTrips());
    this.stream.traffic = this.traffic;
    return new ChannelLink(this.stream, undefined, (run) => {
      this.host.later(run);
    });
  }
}
