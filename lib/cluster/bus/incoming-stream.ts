import type { ByteStream, StreamHandler } from '../../host/ports.js';
import type { Channel } from './channel.js';
import { ChannelLink } from './channel-link.js';
import type { ChannelAcceptor } from './channel-link.js';
import { FrameStream } from './frame-stream.js';
import type { FrameReceiver, FrameStreamHost } from './frame-stream.js';
import type { Handshake, Peer, Purpose } from './handshake.js';
import type { MessageService } from './message-service.js';
import type { PeerError } from './peer-error.js';
import type { MemberId } from '../ring/member.js';

export interface IncomingHost extends FrameStreamHost {
  readonly service: MessageService;
  acceptChannel(stream: Channel, metadata: string, from: MemberId): StreamHandler | undefined;
  later(run: () => void): void;
  /** The handshake is done: `incoming.peer` is set. */
  onIncoming(incoming: IncomingStream): void;
  onIncomingClosed(incoming: IncomingStream): void;
}

/** A stream that somebody opened to this member: what is asked by it is served. */
export class IncomingStream implements FrameReceiver {
  readonly stream: FrameStream;
  /** Set when the handshake is done. */
  peer: Peer | undefined;

  private readonly host: IncomingHost;
  private channels: ChannelLink | undefined;

  constructor(host: IncomingHost, handshake: Handshake, stream: ByteStream) {
    this.host = host;
    this.stream = FrameStream.accept(host, handshake, this, stream);
  }

  get purpose(): Purpose {
    return this.stream.handshake.purpose;
  }

  onOpen(peer: Peer): void {
    this.peer = peer;
    if (this.purpose === 'channels' && !peer.isMember) {
      this.refuse();
      return;
    }
    if (this.purpose === 'channels') this.serveChannels(peer);
    this.host.onIncoming(this);
  }

  onMessage(kind: number, id: number, buffer: Buffer, start: number, end: number): void {
    const { peer, stream, host, channels } = this;
    if (peer === undefined) return;
    if (channels !== undefined) {
      if (!channels.take(kind, id, buffer, start, end)) this.refuse();
    } else if (this.purpose === 'messages') {
      host.service.take(stream, peer, kind, id, buffer, start, end);
    } else {
      this.refuse();
    }
  }

  onSent(): void {
    this.channels?.sent();
  }

  onClosed(error: PeerError): void {
    const { channels } = this;
    this.channels = undefined;
    channels?.lose(error);
    this.host.onIncomingClosed(this);
  }

  /** Closes it for a reason of this side's. */
  close(error: PeerError): void {
    this.stream.close();
    this.onClosed(error);
  }

  private refuse(): void {
    this.stream.refuse('forbidden');
  }

  private serveChannels(peer: Peer): void {
    const acceptor: ChannelAcceptor = (stream, metadata) => this.host.acceptChannel(stream, metadata, peer.memberId);
    this.channels = new ChannelLink(this.stream, acceptor, (run) => {
      this.host.later(run);
    });
  }
}
