import type { FrameReceiver, FrameStream } from './frame-stream.js';
import type { Peer } from './handshake.js';
import type { PeerError } from './peer-error.js';

/** Who wants to know who is at an address. One of the two is called, once. */
export interface Introduced {
  onMet(peer: Peer): void;
  /** Nobody is there, or refuses us; `error.refusal` is `self` where we are there ourselves. */
  onFailure(error: PeerError): void;
}

/** A stream that is opened to learn who is there, and closed then. */
export class Introduction implements FrameReceiver {
  /** Set when it has been opened. */
  stream: FrameStream | undefined;
  private readonly introduced: Introduced;

  constructor(introduced: Introduced) {
    this.introduced = introduced;
  }

  onOpen(peer: Peer): void {
    this.stream?.close();
    this.introduced.onMet(peer);
  }

  onMessage(): void {
    // Nobody asked for any.
  }

  onSent(): void {
    // Nothing waits for that.
  }

  onClosed(error: PeerError): void {
    this.introduced.onFailure(error);
  }
}
