/** What connects the machines of a World. */

import type { LinkQuality } from './link.js';
import { Link } from './link.js';
import type { Machine } from './machine.js';
import type { World } from './world.js';

/** Undoes a cut. May be called again, which does nothing. */
export type Heal = () => void;

const LOOPBACK: LinkQuality = { delayUs: 5, jitterUs: 20, lostShare: 0, doubledShare: 0, overtakenShare: 0 };

export class Wires {
  private readonly world: World;
  private readonly machines = new Map<string, Machine>();
  private readonly links = new Map<Machine, Map<Machine, Link>>();

  constructor(world: World) {
    this.world = world;
  }

  /** A machine is there, from now on. */
  add(machine: Machine): void {
    if (this.machines.has(machine.host)) throw new Error(`two machines are ${machine.host}`);
    this.machines.set(machine.host, machine);
  }

  /** Who has the address, seen from a machine. */
  find(host: string, from: Machine): Machine | undefined {
    return host === '127.0.0.1' || host === 'localhost' ? from : this.machines.get(host);
  }

  link(from: Machine, to: Machine): Link {
    let ofSender = this.links.get(from);
    if (ofSender === undefined) this.links.set(from, (ofSender = new Map<Machine, Link>()));
    let link = ofSender.get(to);
    if (link === undefined) {
      link = new Link(this.world.fork());
      if (from === to) link.quality = LOOPBACK;
      ofSender.set(to, link);
    }
    return link;
  }

  /** Nothing gets from one side to the other, until it is healed. */
  cut(from: readonly Machine[], to: readonly Machine[]): Heal {
    const links = from.flatMap((a) => to.filter((b) => b !== a).map((b) => this.link(a, b)));
    for (const link of links) link.cuts++;
    let isCut = true;
    return () => {
      if (isCut) for (const link of links) link.cuts--;
      isCut = false;
    };
  }

  /** The same, both ways. */
  cutBothWays(some: readonly Machine[], others: readonly Machine[]): Heal {
    const there = this.cut(some, others);
    const back = this.cut(others, some);
    return () => {
      there();
      back();
    };
  }

  /** The links between these, each direction its own. */
  between(machines: readonly Machine[]): Link[] {
    return machines.flatMap((from) => machines.filter((to) => to !== from).map((to) => this.link(from, to)));
  }

  /** The links between a machine and others, both ways. */
  of(machine: Machine, others: readonly Machine[]): Link[] {
    const rest = others.filter((other) => other !== machine);
    return rest.flatMap((other) => [this.link(machine, other), this.link(other, machine)]);
  }

  /** All links between these are so from now on. */
  setQuality(machines: readonly Machine[], quality: LinkQuality): void {
    for (const link of this.between(machines)) link.quality = quality;
  }
}
