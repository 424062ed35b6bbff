/** A ring that members join and leave, and whose machines lose their disks. */

import type { MemberId } from '../../lib/cluster/ring/member.js';
import { Machine } from './machine.js';
import { MemoryDisk } from './memory-disk.js';
import type { RingChronicle } from './ring-chronicle.js';
import type { SimClient } from './sim-client.js';
import type { SimulatedRingOptions } from './simulated-ring.js';
import { SimulatedRing } from './simulated-ring.js';
import { CLIENT_PORT } from './simulated-node.js';
import type { World } from './world.js';

const JOIN_TIMEOUT_S = 10;

export interface ResizedRingOptions extends Omit<SimulatedRingOptions, 'onRing'> {
  readonly chronicle: RingChronicle;
  /** Lines for the configuration of each node. */
  readonly moreConfig?: string;
}

export class ResizedRing extends SimulatedRing {
  readonly chronicle: RingChronicle;
  private readonly moreConfig: string;
  /** Whose node is no member any more, or has lost its disk: nothing is started there. */
  private readonly gone = new Set<Machine>();
  /** Called when that happens to a machine that is being started. */
  private readonly onGone = new Map<Machine, () => void>();
  private readonly replaced = new Map<Machine, MemberId>();
  private named: number;

  constructor(world: World, options: ResizedRingOptions) {
    const { chronicle } = options;
    super(world, { ...options, onRing: (_, { document }) => chronicle.note(document) });
    this.chronicle = chronicle;
    this.moreConfig = options.moreConfig ?? '';
    this.named = options.nodes;
  }

  /** Resolves when the node serves, or is a member no more. */
  override async boot(machine: Machine): Promise<void> {
    if (this.gone.has(machine)) return;
    const replaces = this.replaced.get(machine);
    const lines = [`join-timeout ${JOIN_TIMEOUT_S}`];
    if (replaces !== undefined) lines.push(`cluster-replaces ${replaces}`);
    const config = `${lines.join('\n')}\n${this.moreConfig}`;
    const { process } = machine;
    const leave = (): void => {
      this.leave(machine);
    };
    const isGone = new Promise<void>((resolve) => this.onGone.set(machine, resolve));
    try {
      await Promise.race([super.boot(machine, config, leave, this.seedsNow()), isGone]);
    } catch (error) {
      // It has heard at its start that it is no member any more.
      if (!(error instanceof Error) || !error.message.includes('has left its ring')) throw error;
      if (machine.process !== process) leave();
    }
  }

  /** One more machine; whose node takes the place of a member, if that is named. */
  add(replaces?: MemberId): Machine {
    const number = ++this.named;
    const machine = new Machine(this.world, `node${number}`, `10.0.0.${number}`);
    this.machines.push(machine);
    if (replaces !== undefined) this.replaced.set(machine, replaces);
    return machine;
  }

  /** Whether a node is on its way to take the place of a member. */
  isReplaced(id: MemberId): boolean {
    return this.machines.some((machine) => this.replaced.get(machine) === id);
  }

  /** Whether a node is on its way to be a member that nobody names. */
  get hasNewcomer(): boolean {
    return this.machines.some((machine) => !this.replaced.has(machine) && !this.isMemberOfNewest(machine));
  }

  /** Stops nodes that are still to take the place of a member: somebody else has, or it was taken out. */
  stopReplacing(id: MemberId): void {
    const late = this.machines.filter(
      (machine) => this.replaced.get(machine) === id && !this.isMemberOfNewest(machine),
    );
    for (const machine of late) this.leave(machine);
  }

  /** Who the node of a machine is, if it was ever started. */
  idOf(machine: Machine): MemberId | undefined {
    return this.members.get(machine)?.member.self;
  }

  /** The disk of a machine is lost, and whatever ran on it: no node comes back there; unless it gets a new disk, and its next node takes the place of a member. */
  loseDisk(machine: Machine, replaces?: MemberId): void {
    this.world.note(machine.name, () => 'the disk is lost');
    machine.powerOff();
    machine.disk = new MemoryDisk();
    this.members.delete(machine);
    if (replaces === undefined) this.dismiss(machine);
    else this.replaced.set(machine, replaces);
  }

  /** A client of a node, of any if none is named. */
  override client(machine = this.machines[this.random.below(this.machines.length)]): SimClient {
    return super.client(machine);
  }

  protected override isWhole(machines: readonly Machine[] = this.machines): boolean {
    if (!super.isWhole(machines)) return false;
    const rings = machines.map((machine) => this.members.get(machine)?.member.ring);
    return rings.every((ring) => ring?.isChanging === false && ring.absent.size === 0);
  }

  /**
   * Once there is a ring, an operator names members, and nobody who is still to be one: a majority of those whom newcomers are told of, all newcomers, would be a cluster of its own.
   */
  private seedsNow(): string | undefined {
    if (!this.chronicle.hasRing) return undefined;
    const members = this.machines.filter((machine) => this.isMemberOfNewest(machine));
    return members.map(({ host }) => `${host}:${CLIENT_PORT}`).join(',');
  }

  private isMemberOfNewest(machine: Machine): boolean {
    return this.chronicle.newest.members.some(({ id }) => id === this.idOf(machine));
  }

  private leave(machine: Machine): void {
    machine.kill();
    this.dismiss(machine);
  }

  private dismiss(machine: Machine): void {
    this.gone.add(machine);
    const at = this.machines.indexOf(machine);
    if (at >= 0) this.machines.splice(at, 1);
    this.onGone.get(machine)?.();
  }
}
