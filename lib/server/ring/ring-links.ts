import type { ClockReading } from '../../cluster/bus/clock-reading.js';
import type { Payload } from '../../cluster/bus/payload.js';
import type { RingMessage } from '../../cluster/coordination/versioned-links.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { ByteStream, StreamHandler } from '../../host/ports.js';

/** The other members, as this node reaches them. */
export interface RingLinks {
  send(member: MemberId, kind: number, payload: Payload): boolean;
  serve(kind: number, handler: (message: RingMessage) => void): void;
  /** Opens a stream to a member; `metadata` says whose requests it carries. */
  openChannel(member: MemberId, metadata: string, handler: StreamHandler): ByteStream;
  /** Has streams accepted that other members open. */
  serveChannels(accept: (stream: ByteStream, from: MemberId) => StreamHandler): void;
  /** Whether a member is alive, as far as one knows, connected, and answers in time. */
  isUp(member: MemberId): boolean;
  /** `onDown`: what was sent and not answered is lost, or not. */
  watch(watcher: LinkWatcher): void;
  /** What a member has last said of its wall clock. */
  clockOf(member: MemberId): ClockReading | undefined;
  /** Sends what was queued. */
  flush(): void;
}

/** Who wants to know of other members that come and go. */
export interface LinkWatcher {
  onUp(member: MemberId): void;
  onDown(member: MemberId): void;
  /** It does not answer, or does again: what was sent is neither lost nor there. */
  onSilence(member: MemberId, isSilent: boolean): void;
}
