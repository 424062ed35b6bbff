/** Datagrams of a process in a World: late, lost, doubled and overtaken, as their link has it. */

import type { DatagramSocket, OnDatagram } from '../../lib/host/ports.js';
import type { SimProcess } from './sim-process.js';

const GARBAGE = 0xee;
const DATAGRAM_BYTES_MAX = 65_507;

export class SimDatagrams implements DatagramSocket {
  readonly port: number;
  unsentCount = 0;
  private readonly process: SimProcess;
  private readonly onDatagram: OnDatagram;

  constructor(process: SimProcess, port: number, onDatagram: OnDatagram) {
    this.process = process;
    this.port = port;
    this.onDatagram = onDatagram;
  }

  send(buffer: Buffer, start: number, end: number, host: string, port: number): void {
    const { process } = this;
    if (process.isDead) return;
    if (this.isClosed || end - start > DATAGRAM_BYTES_MAX || port < 1 || port > 65_535) {
      this.unsentCount++;
      return;
    }
    const { machine } = process;
    const { world } = machine;
    const target = world.wires.find(host, machine);
    if (target === undefined) return; // sent, and nobody is there
    const link = world.wires.link(machine, target);
    const bytes = Buffer.from(buffer.subarray(start, end));
    for (const delayUs of link.datagramDelaysUs()) {
      world.after(delayUs, 'datagram', () => {
        const socket = target.process?.network.sockets.get(port);
        if (!link.isCut && target.hasPower) socket?.arrive(bytes, machine.host, this.port);
      });
    }
  }

  close(): void {
    if (!this.isClosed) this.process.network.sockets.delete(this.port);
  }

  /** A datagram has come: the process sees it when it runs. */
  private arrive(bytes: Buffer, host: string, port: number): void {
    const { process } = this;
    const { readBuffer } = process.network;
    const { world } = process.machine;
    world.next(
      'datagram',
      () => {
        if (this.isClosed) return;
        world.mixIn(bytes);
        if (world.isTraced) world.note(process.name, () => `${bytes.length} bytes from ${host}:${port}`);
        bytes.copy(readBuffer);
        this.onDatagram(readBuffer, bytes.length, host, port);
        readBuffer.fill(GARBAGE, 0, bytes.length);
      },
      process,
    );
  }

  private get isClosed(): boolean {
    return this.process.network.sockets.get(this.port) !== this;
  }
}
