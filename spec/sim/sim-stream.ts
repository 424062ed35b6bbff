/**
 * One end of a connection between two processes of a World.
 *
 *     write ─▶ taken (at most WINDOW_BYTES that the other side has not read) ─▶ in flight, in order ─▶ received ─▶ onData
 *
 * 1. As strict as the port says: the read buffer is overwritten after each onData; a buffer that was not taken at once must stay as it
 *    was until onDrain, and nothing is written behind it.
 * 2. Across a cut, or to a machine without power, what is in flight is sent again and again; after `GIVE_UP_US` the sending end closes with
 *    ETIMEDOUT. The other end learns of it when it sends itself.
 *    That an end was closed does not take back what it has sent: it may arrive long after.
 * 3. What comes to an end that is closed is answered with a reset.
 */

import type { ByteStream, ConnectAddress, OutgoingHandler, StreamHandler } from '../../lib/host/ports.js';
import type { Link } from './link.js';
import { failure } from './sim-network.js';
import type { SimProcess } from './sim-process.js';
import type { World } from './world.js';

const GARBAGE = 0xee;
const WINDOW_BYTES = 256 * 1024;
/** Some writes are taken later, though there is room: one in so many. */
const SLOW_WRITE_ONE_IN = 16;
/** Some pieces arrive in two: one in so many. */
const SPLIT_ONE_IN = 8;
const RESEND_US_FIRST = 200_000;
const RESEND_US_MAX = 10_000_000;
const GIVE_UP_US = 900_000_000;
const CONNECT_RETRY_US = 1_000_000;
const CONNECT_GIVE_UP_US = 127_000_000;

type Segment =
  { readonly kind: 'data'; readonly bytes: Buffer } | { readonly kind: 'end' } | { readonly kind: 'reset' };

const END: Segment = { kind: 'end' };
const RESET: Segment = { kind: 'reset' };

export class SimStream implements ByteStream {
  readonly remoteAddress: string;
  localAddress = '';
  private readonly process: SimProcess;
  private readonly world: World;
  private handler: StreamHandler | undefined;
  private peer: SimStream | undefined;
  private isClosed = false;
  private isEnding = false;

  /** The write that was not taken at once: `copy` is what must be in the buffer still, of which so many bytes are taken. */
  private writing: { buffer: Buffer; start: number; copy: Buffer; taken: number } | undefined;
  private pumping = false;
  private inFlight: { segment: Segment; arriveUs: number }[] = [];
  private lastArriveUs = 0;
  /** Taken, and not read by the other side. */
  private unreadBytes = 0;
  private resendUs = 0;
  private stalledUs = 0;

  private received: Buffer[] = [];
  private hasPeerEnded = false;
  private isPaused = false;
  private reading = false;

  private constructor(process: SimProcess, remoteAddress: string) {
    this.process = process;
    this.world = process.machine.world;
    this.remoteAddress = remoteAddress;
    process.network.streams.add(this);
  }

  static open(process: SimProcess, address: ConnectAddress, handler: OutgoingHandler): SimStream {
    const stream = new SimStream(process, `${address.host}:${address.port}`);
    stream.handler = handler;
    if (!process.isDead) stream.tryToConnect(address, handler, stream.world.nowUs);
    return stream;
  }

  /** Whether what is in flight arrives somewhere if there is no cut. */
  get mayArrive(): boolean {
    return this.peer?.process.machine.hasPower === true;
  }

  write(buffer: Buffer, start: number, end: number): boolean {
    if (this.writing !== undefined) throw new Error('a write behind one that is not taken yet');
    if (this.isClosed || this.isEnding || this.process.isDead) return true;
    if (this.peer === undefined) throw new Error('a write before onConnect');
    const copy = Buffer.from(buffer.subarray(start, end));
    const isSlow = this.process.network.random.below(SLOW_WRITE_ONE_IN) === 0;
    if (!isSlow && copy.length <= WINDOW_BYTES - this.unreadBytes) {
      this.take(copy);
      return true;
    }
    this.writing = { buffer, start, copy, taken: 0 };
    this.pumpLater();
    return false;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.readLater();
  }

  setKeepAlive(): void {
    // Whoever must know whether the other side is there asks it.
  }

  end(): void {
    if (this.isClosed || this.isEnding || this.process.isDead) return;
    this.isEnding = true;
    if (this.writing === undefined) this.finish();
  }

  destroy(): void {
    if (this.isClosed || this.process.isDead) return;
    this.send(this.received.length > 0 ? RESET : END);
    this.closeWith(undefined);
  }

  /** The process is dead, and its system tells the other side. */
  closeForSystem(): void {
    if (this.isClosed) return;
    this.send(this.received.length > 0 || this.writing !== undefined ? RESET : END);
    this.isClosed = true;
  }

  /** The machine is off, and what it was about to send is gone. */
  vanish(): void {
    this.isClosed = true;
    this.inFlight = [];
  }

  // Connecting.

  private tryToConnect(address: ConnectAddress, handler: OutgoingHandler, sinceUs: number): void {
    const { machine } = this.process;
    const target = this.world.wires.find(address.host, machine);
    const there = target && this.world.wires.link(machine, target);
    const back = target && this.world.wires.link(target, machine);
    this.world.after(there?.streamDelayUs() ?? 0, 'SYN', () => {
      if (this.isClosed || this.process.isDead) return;
      const isHeard = target?.hasPower === true && !(there?.isCut ?? true) && !(back?.isCut ?? true);
      if (!isHeard || target === undefined || back === undefined) {
        if (this.world.nowUs - sinceUs > CONNECT_GIVE_UP_US) this.closeWith(failure('ETIMEDOUT', 'nobody answers'));
        else this.world.after(CONNECT_RETRY_US, 'connect', () => this.tryToConnect(address, handler, sinceUs));
        return;
      }
      const delayUs = back.streamDelayUs();
      const server = target.process;
      const accept = server?.network.listeners.get(address.port);
      if (server === undefined || accept === undefined) {
        this.world.after(delayUs, 'refused', () => this.closeWith(failure('ECONNREFUSED', 'nobody listens')));
        return;
      }
      this.localAddress = `${machine.host}:${machine.newPort()}`;
      const other = new SimStream(server, this.localAddress);
      other.localAddress = `${target.host}:${address.port}`;
      other.peer = this;
      other.lastArriveUs = this.world.nowUs + delayUs;
      this.world.next(
        'accept',
        () => {
          other.handler = accept(other);
          other.readLater();
        },
        server,
      );
      this.world.after(
        delayUs,
        'connected',
        () => {
          if (this.isClosed) return;
          this.peer = other;
          handler.onConnect();
        },
        this.process,
      );
    });
  }

  // Sending.

  private take(bytes: Buffer): void {
    this.unreadBytes += bytes.length;
    this.send({ kind: 'data', bytes });
  }

  /** Takes more of the write that waits, in a moment. */
  private pumpLater(): void {
    if (this.pumping || this.writing === undefined) return;
    this.pumping = true;
    const delayUs = this.peer === undefined ? 0 : this.linkTo(this.peer).streamDelayUs();
    this.world.after(delayUs, 'drain', () => this.pump(), this.process);
  }

  private pump(): void {
    this.pumping = false;
    const { writing } = this;
    if (writing === undefined || this.isClosed) return;
    const { buffer, start, copy, taken } = writing;
    if (!buffer.subarray(start, start + copy.length).equals(copy)) {
      throw new Error('a buffer was changed before the stream had taken it');
    }
    const room = Math.min(WINDOW_BYTES - this.unreadBytes, copy.length - taken);
    if (room > 0) this.take(copy.subarray(taken, taken + room));
    writing.taken += Math.max(0, room);
    if (writing.taken < copy.length) return; // until more is read
    this.writing = undefined;
    this.handler?.onDrain();
    if (this.isEnding && this.writing === undefined) this.finish();
  }

  private finish(): void {
    this.send(END);
    this.closeWith(undefined);
  }

  private linkTo(peer: SimStream): Link {
    return this.world.wires.link(this.process.machine, peer.process.machine);
  }

  private send(segment: Segment): void {
    const { peer, world } = this;
    if (peer === undefined) return;
    const delayUs = this.linkTo(peer).streamDelayUs();
    this.lastArriveUs = Math.max(this.lastArriveUs, world.nowUs + delayUs);
    this.inFlight.push({ segment, arriveUs: this.lastArriveUs });
    this.process.network.sending.add(this);
    if (this.inFlight.length === 1) this.deliverAt(this.lastArriveUs);
  }

  private deliverAt(atUs: number): void {
    this.world.after(atUs - this.world.nowUs, 'segment', () => this.deliver());
  }

  /** The first segment in flight arrives, or is sent again. */
  private deliver(): void {
    const { peer, inFlight, world } = this;
    // A machine without power sends nothing again.
    if (peer === undefined || inFlight.length === 0 || !this.process.machine.hasPower) return;
    if (this.linkTo(peer).isCut || !peer.process.machine.hasPower) {
      this.resendUs = Math.min(RESEND_US_MAX, Math.max(RESEND_US_FIRST, 2 * this.resendUs));
      this.stalledUs += this.resendUs;
      if (this.stalledUs > GIVE_UP_US) {
        this.process.network.sending.delete(this);
        this.closeWith(failure('ETIMEDOUT', 'the other side does not answer'));
      } else this.deliverAt(world.nowUs + this.resendUs);
      return;
    }
    this.resendUs = this.stalledUs = 0;
    const first = inFlight.shift();
    if (first !== undefined) peer.arrive(first.segment);
    if (inFlight.length > 0) this.deliverAt(Math.max(world.nowUs, inFlight[0].arriveUs));
    else this.process.network.sending.delete(this);
  }

  // Receiving.

  private arrive(segment: Segment): void {
    if (segment.kind === 'reset') {
      this.closeWith(failure('ECONNRESET', 'reset by the other side'));
    } else if (this.isClosed || this.process.isDead) {
      if (segment.kind === 'data') this.send(RESET);
    } else if (segment.kind === 'end') {
      this.hasPeerEnded = true;
      this.readLater();
    } else {
      this.received.push(segment.bytes);
      this.readLater();
    }
  }

  private readLater(): void {
    if (this.reading || this.isPaused || this.isClosed || this.handler === undefined) return;
    if (this.received.length === 0 && !this.hasPeerEnded) return;
    this.reading = true;
    this.world.next('read', () => this.read(), this.process);
  }

  private read(): void {
    this.reading = false;
    const { handler, process, world } = this;
    if (this.isClosed || this.isPaused || handler === undefined) return;
    const first = this.received.at(0);
    if (first === undefined) {
      if (!this.hasPeerEnded) return;
      this.hasPeerEnded = false;
      handler.onEnd();
      return;
    }
    const { readBuffer, random } = process.network;
    const isSplit = first.length > 1 && random.below(SPLIT_ONE_IN) === 0;
    const limit = isSplit ? 1 + random.below(first.length - 1) : first.length;
    const bytes = first.subarray(0, Math.min(limit, readBuffer.length));
    if (bytes.length === first.length) this.received.shift();
    else this.received[0] = first.subarray(bytes.length);
    world.mixIn(bytes);
    if (world.isTraced) world.note(process.name, () => `${bytes.length} bytes from ${this.remoteAddress}`);
    bytes.copy(readBuffer);
    handler.onData(readBuffer, bytes.length);
    readBuffer.fill(GARBAGE, 0, bytes.length);
    if (this.peer !== undefined) {
      this.peer.unreadBytes -= bytes.length;
      this.peer.pumpLater();
    }
    this.readLater();
  }

  // Closing.

  private closeWith(error: Error | undefined): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.writing = undefined;
    this.received = [];
    const { network } = this.process;
    this.world.next(
      'close',
      () => {
        network.streams.delete(this);
        this.handler?.onClose(error);
      },
      this.process,
    );
  }
}
