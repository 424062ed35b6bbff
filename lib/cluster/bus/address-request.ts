import { Deadline } from './deadlines.js';
import type { Deadlines } from './deadlines.js';
import type { Peer } from './handshake.js';
import type { Introduced } from './introduction.js';
import type { Payload } from './payload.js';
import { PeerError } from './peer-error.js';
import type { Asker } from './peer-link.js';
import type { MemberId } from '../ring/member.js';

export interface AddressRequestHost {
  readonly deadlines: Deadlines;
  request(memberId: MemberId, kind: number, payload: Payload, timeoutMs: number, asker: Asker): void;
}

/** A request to whoever is at an address: first it is learnt who that is. All of it has to be done in time. */
export class AddressRequest extends Deadline implements Introduced, Asker {
  private readonly host: AddressRequestHost;
  private readonly kind: number;
  private readonly payload: Payload;
  private readonly timeoutMs: number;
  /** Undefined when it has been told. */
  private asker: Asker | undefined;

  constructor(host: AddressRequestHost, kind: number, payload: Payload, timeoutMs: number, asker: Asker) {
    super();
    this.host = host;
    this.kind = kind;
    this.payload = payload;
    this.timeoutMs = timeoutMs;
    this.asker = asker;
    host.deadlines.set(this, timeoutMs);
  }

  onMet({ memberId }: Peer): void {
    if (this.asker !== undefined) this.host.request(memberId, this.kind, this.payload, this.timeoutMs, this);
  }

  onAnswer(buffer: Buffer, start: number, end: number): void {
    this.settle()?.onAnswer(buffer, start, end);
  }

  onFailure(error: PeerError): void {
    this.settle()?.onFailure(error);
  }

  override onDeadline(): void {
    this.settle()?.onFailure(new PeerError('timeout', 'no answer in time'));
  }

  private settle(): Asker | undefined {
    const { asker } = this;
    this.asker = undefined;
    this.host.deadlines.clear(this);
    return asker;
  }
}
