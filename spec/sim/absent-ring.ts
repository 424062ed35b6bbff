/** A ring of which a member is away for longer than `away-max`, in whatever way, and comes back; or its disk is lost, and another one takes its place. */

import type { MemberId } from '../../lib/cluster/ring/member.js';
import { DeletingRing } from './deleting-ring.js';
import type { Machine } from './machine.js';
import { MemoryDisk } from './memory-disk.js';

/** How it is away: its process was killed; its power has failed, or its disk is lost, too; nobody but clients reaches it; or it stands still. */
const WAYS = ['kill', 'power', 'lost', 'cut', 'stop'] as const;
type Way = (typeof WAYS)[number];
const CONFIG = 'away-max 4\njoin-timeout 10\n';
const LOOK_MS = 100;
const LONG_MS = 3_600_000;

type Boot = (machine: Machine) => Promise<void>;

/** Whose place a machine's node takes, and how its process is started. */
interface Replacement {
  readonly member: MemberId;
  readonly boot: Boot;
}

export class AbsentRing extends DeletingRing {
  private readonly replaced = new Map<Machine, Replacement>();

  override boot(machine: Machine): Promise<void> {
    const replacement = this.replaced.get(machine);
    if (replacement === undefined) return super.boot(machine, CONFIG);
    const { member, boot } = replacement;
    // That it joins is given up while those who are to fill it are away: then it stops, and begins anew.
    return super.boot(machine, `${CONFIG}cluster-replaces ${member}\n`, () => {
      machine.kill();
      machine.disk = new MemoryDisk();
      void boot(machine);
    });
  }

  override async use(): Promise<void> {
    await Promise.all([super.use(), this.useRegisters()]);
  }

  drawWay(): Way {
    return WAYS[this.random.below(WAYS.length)];
  }

  /** Takes a member away. Returns what brings it back: `boot` starts a process. */
  takeAway(machine: Machine, way: Way, boot: Boot): () => void {
    const { process } = machine;
    this.world.note(machine.name, () => `is away: ${way}`);
    switch (way) {
      case 'cut':
        return this.world.wires.cutBothWays(
          [machine],
          this.machines.filter((one) => one !== machine),
        );
      case 'stop':
        process?.stop(LONG_MS);
        return () => process?.continue();
      case 'kill':
        machine.kill();
        break;
      case 'power':
        machine.powerOff();
        break;
      case 'lost':
        this.loseDisk(machine, boot);
    }
    return () => void boot(machine);
  }

  private loseDisk(machine: Machine, boot: Boot): void {
    machine.powerOff();
    machine.disk = new MemoryDisk();
    const member = this.members.get(machine)?.member.self;
    if (member !== undefined) this.replaced.set(machine, { member, boot });
  }

  /** The others have left out the member on a machine. */
  async leaveOut(machine: Machine): Promise<void> {
    const id = this.members.get(machine)?.member.self ?? '';
    const others = this.machines.filter((one) => one !== machine);
    const isLeftOut = (one: Machine): boolean => this.members.get(one)?.member.ring.absent.has(id) === true;
    while (!others.every(isLeftOut)) await this.world.sleep(LOOK_MS);
  }

  /** So many more deletes have gone. */
  async loseMore(count: number): Promise<void> {
    const before = this.deletesDropped;
    while (this.deletesDropped < before + count) await this.world.sleep(LOOK_MS);
  }

  protected override isWhole(machines: readonly Machine[] = this.machines): boolean {
    if (!super.isWhole(machines)) return false;
    const rings = machines.map((machine) => this.members.get(machine)?.member.ring);
    return rings.every((ring) => ring?.isChanging === false && ring.absent.size === 0);
  }
}
