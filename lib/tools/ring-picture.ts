/** A ring of nodes as lines of a terminal: the circle with a letter for each member, and a line of figures for each. */

import { SLOT_COUNT } from '../base/position.js';
import { drawCircle } from '../commands/ring-drawing.js';

/** A member, as it is shown. */
export interface ShownMember {
  readonly address: string;
  readonly isAsked: boolean;
  readonly isUp: boolean;
  /** What gossip says: alive, suspect, dead ... */
  readonly liveness: string;
  /** joining, up or leaving; away or returning. */
  readonly state: string;
  readonly isVoter: boolean;
  readonly zone: string;
  readonly heldSlots: number;
  readonly ledSlots: number;
  readonly roundTripUs: number;
  readonly queuedBytes: number;
  /** How much it has of the slots that it takes over. */
  readonly filledPercent: number;
}

export interface ShownRing {
  readonly title: string;
  readonly members: readonly ShownMember[];
  /** What the change that is under way waits for; empty if there is none. */
  readonly waitsFor: readonly string[];
  /** The index of the member whose place the next node takes that joins; -1: nobody's. */
  readonly toBeReplaced: number;
  /** Slots [start, end], and the index of who acts for them. */
  readonly ranges: readonly { readonly start: number; readonly end: number; readonly leader: number }[];
}

const RADIUS = 7;
const BAR_CELLS = 20;
const TRANSFER_CELLS = 50;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Nobody acts for a slot. */
const NOBODY = '?';
/** The colours of terminals, but for red, black and white. */
const COLOURS = [32, 34, 35, 36, 33, 92, 94, 95, 96, 93];
const RED = 31;

/** `hasColour`: letters and bars are shown in the colours of their members. */
export function pictureOf(ring: ShownRing, hasColour: boolean): string[] {
  const paint = (colour: number, text: string): string => (hasColour ? `\x1b[${colour}m${text}\x1b[0m` : text);
  const leaderAt = (slot: number): number =>
    ring.ranges.find(({ start, end }) => start <= slot && slot <= end)?.leader ?? -1;
  const circle = drawCircle(RADIUS, (turn) => {
    const leader = leaderAt(Math.min(SLOT_COUNT - 1, Math.floor(turn * SLOT_COUNT)));
    return leader < 0 ? paint(RED, NOBODY) : paint(colourOf(leader), letterOf(leader));
  });
  const lines = ring.members.map((member, i) => memberLine(member, i, ring, paint));
  return [ring.title, '', ...circle, '', header(ring), ...lines, ...transferLines(ring, paint), ...waitLines(ring)];
}

function waitLines({ waitsFor, members, toBeReplaced }: ShownRing): string[] {
  if (toBeReplaced >= 0) return ['', `the next node that joins takes the place of ${members[toBeReplaced].address}`];
  return waitsFor.length === 0 ? [] : ['', 'the change of the ring waits for:', ...waitsFor];
}

/** A bar for each member that is being filled. */
function transferLines({ members }: ShownRing, paint: (colour: number, text: string) => string): string[] {
  const lines = members.flatMap(({ filledPercent, state }, i) => {
    if (filledPercent === 100 && state !== 'joining') return [];
    const cells = Math.floor((filledPercent / 100) * TRANSFER_CELLS);
    const bar = paint(colourOf(i), '█'.repeat(cells)) + '░'.repeat(TRANSFER_CELLS - cells);
    return [`${paint(colourOf(i), letterOf(i))}  ${bar} ${String(filledPercent).padStart(3)} %`];
  });
  return lines.length === 0 ? [] : ['', 'what members have of the slots that they take over:', ...lines];
}

function header(ring: ShownRing): string {
  return `   ${'node'.padEnd(addressWidth(ring))}  ${'acts for'.padEnd(BAR_CELLS + 8)}  ${'holds'.padStart(6)}  ${'state'.padEnd(8)}  ${'lag'.padStart(9)}  ${'queue'.padStart(9)}  zone`;
}

function memberLine(
  member: ShownMember,
  index: number,
  ring: ShownRing,
  paint: (colour: number, text: string) => string,
): string {
  const cells = Math.round((member.ledSlots / SLOT_COUNT) * BAR_CELLS);
  const bar = paint(colourOf(index), '█'.repeat(cells)) + '░'.repeat(BAR_CELLS - cells);
  const state = stateOf(member);
  return [
    `${paint(colourOf(index), letterOf(index))}${member.isAsked ? '>' : ' '}`,
    member.address.padEnd(addressWidth(ring)),
    ` ${bar} ${percent(member.ledSlots).padStart(7)}`,
    ` ${percent(member.heldSlots).padStart(6)}`,
    ` ${member.isUp ? state.padEnd(8) : paint(RED, state.padEnd(8))}`,
    ` ${(member.isAsked ? '-' : `${(member.roundTripUs / 1000).toFixed(2)} ms`).padStart(9)}`,
    ` ${`${member.queuedBytes} B`.padStart(9)}`,
    ` ${member.zone}`,
  ]
    .join(' ')
    .trimEnd();
}

/** One word: what is wrong, or else what it is. */
function stateOf({ isUp, liveness, state, isVoter }: ShownMember): string {
  if (state === 'away' || state === 'returning') return state;
  if (!isUp) return liveness === 'alive' || liveness === 'unknown' ? 'no link' : liveness;
  if (state !== 'up') return state;
  return isVoter ? 'up voter' : 'up';
}

function addressWidth({ members }: ShownRing): number {
  return Math.max(4, ...members.map(({ address }) => address.length));
}

function percent(slots: number): string {
  return `${((slots / SLOT_COUNT) * 100).toFixed(1)} %`;
}

function letterOf(member: number): string {
  return LETTERS[member % LETTERS.length];
}

function colourOf(member: number): number {
  return COLOURS[member % COLOURS.length];
}
