/**
 * The bugs that the simulator must find, each with the seed that shows it. `npm run sim -- --planted all` looks for new ones, when what a seed does has changed.
 */

import type { FaultPlan } from '../fault-plan.js';
import { acknowledgeDuringSync } from '../planted-bugs.js';
import {
  damageChunks,
  fenceNobody,
  mergeWhatIsOld,
  readFromJoining,
  reuseId,
  takeDamagedChunks,
} from '../planted-change-bugs.js';
import {
  acceptNothingUnchanged,
  acknowledgeOldEra,
  forgetPromises,
  forgetTooEarly,
  runScriptsPlainly,
} from '../planted-consensus-bugs.js';
import { dropMarksEarly } from '../planted-keyspace-bugs.js';
import {
  acknowledgeBeforeLog,
  acknowledgeWhatIsOld,
  countHints,
  forgetOwnWrites,
  repairNobody,
  settleOverHints,
  settleTooMuch,
  takeStaleMessages,
} from '../planted-ring-bugs.js';
import type { Scenario } from '../scenario.js';
import type { NodeChanges } from '../simulated-node.js';
import { GOOD_LINK } from '../link.js';
import { absences } from './absences.js';
import { cas } from './cas.js';
import type { ChangingFaults } from './changing-ring.js';
import { changingRing } from './changing-ring.js';
import type { DeletesFaults } from './deletes.js';
import { deletes } from './deletes.js';
import { forgetting } from './forgetting.js';
import { growingRing } from './growing-ring.js';
import { pipelines } from './pipelines.js';
import type { RingFaults } from './ring.js';
import { ring } from './ring.js';

export interface PlantedBug {
  readonly name: string;
  /** What is wrong. */
  readonly about: string;
  readonly changes: NodeChanges;
  /** What it is looked for in; without a bug nothing is wrong there. */
  readonly scenario: (changes: NodeChanges) => Scenario;
  /** What the problem says that it shows by. */
  readonly shows: RegExp;
  /** One that shows it. */
  readonly seed: number;
}

/** A client has seen that something is gone. */
const LOST = /went back behind|was acknowledged/;
/** A client has seen something older than before. */
const WENT_BACK = /went back behind/;
/** Of a key that is compared and set. */
const NO_ORDER = /no order of its operations/;
/** Either of these. */
const SEEN = /no order of its operations|went back behind/;

const QUIET: RingFaults = {
  chaosMs: 15_000,
  crashes: undefined,
  blackouts: undefined,
  stops: undefined,
  partitions: undefined,
  jumps: undefined,
  disks: undefined,
  diskDelayUs: 0,
  link: GOOD_LINK,
};

/** Everybody loses what was acknowledged a moment ago, and was on no disk; some come back much later than others. */
const DARK: RingFaults = {
  ...QUIET,
  appendfsync: 'always',
  blackouts: { everyMs: 3000, downMs: 2000, aim: 'answered' },
  diskDelayUs: 50_000,
  hotKeys: 3,
};

/** What one replica has on its disk, and the others were never sent: its power has failed while it was on its way. */
const ALONE: RingFaults = {
  ...QUIET,
  appendfsync: 'always',
  downMax: 1,
  crashes: { everyMs: 1000, downMs: 300, how: 'power', apartMs: 0, aim: 'logged' },
  link: { ...GOOD_LINK, delayUs: 2000, jitterUs: 10_000 },
  badLinkShare: 1,
  hotKeys: 5,
};

/** The same, of a client that could be answered before, while another replica was away. */
const ALONE_OF_TWO: RingFaults = {
  ...ALONE,
  downMax: 2,
  crashes: { everyMs: 1000, downMs: 1500, how: 'power', apartMs: 0, aim: 'logged' },
  badLinkShare: 0.5,
};

/** Nodes whose clocks differ, and that hear of each other late, though not from all. */
const LATE: RingFaults = {
  ...QUIET,
  jumps: { everyMs: 1000, ms: 250 },
  link: { ...GOOD_LINK, delayUs: 80_000, jitterUs: 60_000 },
  badLinkShare: 0.3,
  hotKeys: 2,
};

/** Half of what nodes send each other is late. */
const BEHIND: Partial<FaultPlan> = {
  ...QUIET,
  chaosMs: 5000,
  driftPpm: 0,
  link: { ...GOOD_LINK, delayUs: 500, jitterUs: 50_000 },
  badLinkShare: 0.5,
};

/** Nodes that are killed one after the other, over links that lose and hold up. */
const KILLED: Partial<FaultPlan> = {
  ...QUIET,
  crashes: { everyMs: 1000, downMs: 500, how: 'kill', apartMs: 0, aim: 'anytime' },
  partitions: { everyMs: 1500, ms: 1000, oneWay: true },
  driftPpm: 0,
  downMax: 2,
  link: { delayUs: 500, jitterUs: 50_000, lostShare: 0.1, doubledShare: 0, overtakenShare: 0 },
  badLinkShare: 0.5,
};

/** Some hear of others so late that these have gone on meanwhile. */
const SLOW: ChangingFaults = {
  ...QUIET,
  chaosMs: 6000,
  driftPpm: 0,
  downMax: 1,
  link: { ...GOOD_LINK, delayUs: 250_000, jitterUs: 50_000 },
  badLinkShare: 0.25,
};

/** Who joins is filled slowly, or what others have been told is on its way, while one after the other is away that holds what it takes over. */
const SLOW_AND_KILLED: ChangingFaults = {
  ...QUIET,
  chaosMs: 8000,
  crashes: { everyMs: 1000, downMs: 1000, how: 'kill', apartMs: 0, aim: 'anytime' },
  driftPpm: 0,
  downMax: 1,
  link: { ...GOOD_LINK, delayUs: 100_000, jitterUs: 300_000 },
  badLinkShare: 0.5,
  operateEveryMs: 700,
  founders: 4,
  casKeys: 24,
  nodesMax: 6,
};

/** Of three nodes now one is away, and now another one has lost its disk. */
const LOSING: ChangingFaults = {
  ...QUIET,
  chaosMs: 10_000,
  crashes: { everyMs: 1000, downMs: 1000, how: 'kill', apartMs: 0, aim: 'anytime' },
  driftPpm: 0,
  downMax: 1,
  operateEveryMs: 500,
  nodesMax: 3,
};

/** Nothing happens to a ring but that members join, leave, and are replaced. */
const GROWING: ChangingFaults = {
  ...QUIET,
  chaosMs: 8000,
  driftPpm: 0,
  downMax: 1,
  badLinkShare: 0,
  operateEveryMs: 1500,
};

/** Members join, and others are away one after the other meanwhile. */
const RELAYED: ChangingFaults = {
  ...QUIET,
  chaosMs: 12_000,
  driftPpm: 0,
  downMax: 1,
  badLinkShare: 0,
  relaysAbsences: true,
  founders: 5,
  casKeys: 40,
  nodesMax: 8,
};

/** Elements are written and removed over and over, and who was killed hears late of it. */
const CHURNING: DeletesFaults = {
  ...QUIET,
  chaosMs: 8000,
  crashes: { everyMs: 700, downMs: 1500, how: 'kill', apartMs: 0, aim: 'answered' },
  downMax: 1,
  driftPpm: 0,
  badLinkShare: 0,
  secludes: false,
  churns: true,
};

/** A ring with faults that show a bug sooner than what a seed would draw. */
function ringWith(faults: RingFaults): (changes: NodeChanges) => Scenario {
  return (changes) => ring(changes, faults);
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'early-ack',
    about: 'the log is said to be on the disk while it is being written out',
    changes: { disk: acknowledgeDuringSync },
    scenario: ringWith(DARK),
    shows: LOST,
    seed: 1,
  },
  {
    name: 'early-replica-ack',
    about: 'a replica acknowledges what it is sent when it comes, not when its log has it',
    changes: { membership: acknowledgeBeforeLog },
    scenario: ringWith(DARK),
    shows: LOST,
    seed: 12,
  },
  {
    name: 'hint-as-replica',
    about: 'a hint counts as if the replica had what is in it',
    changes: { membership: countHints },
    scenario: ringWith(ALONE_OF_TWO),
    shows: LOST,
    seed: 25,
  },
  {
    name: 'no-read-repair',
    about: 'a read at QUORUM leaves replicas as stale as they are',
    changes: { membership: repairNobody },
    scenario: ringWith(ALONE),
    shows: WENT_BACK,
    seed: 8,
  },
  {
    name: 'stale-epoch',
    about: 'what a member sends is taken, whatever ring it acts by',
    changes: { membership: takeStaleMessages },
    scenario: growingRing,
    shows: LOST,
    seed: 2,
  },
  {
    name: 'newer-as-ack',
    about: 'a replica that holds something newer than what was put says nothing of it',
    changes: { membership: acknowledgeWhatIsOld },
    scenario: ringWith(LATE),
    shows: WENT_BACK,
    seed: 2,
  },
  {
    name: 'promise-not-kept',
    about: 'what is promised and accepted is on no disk',
    changes: { node: forgetPromises },
    scenario: (changes) => cas(changes, KILLED),
    shows: NO_ORDER,
    seed: 7,
  },
  {
    name: 'plain-scripts',
    about: 'scripts with one key run as plain commands do',
    changes: { node: runScriptsPlainly },
    scenario: (changes) => cas(changes, KILLED),
    shows: NO_ORDER,
    seed: 1,
  },
  {
    name: 'nothing-accepted',
    about: 'reads, and comparisons that fail, are answered though nobody has accepted what was there',
    changes: { membership: acceptNothingUnchanged },
    scenario: (changes) => cas(changes, KILLED),
    shows: NO_ORDER,
    seed: 2,
  },
  {
    name: 'forgotten-put',
    about: 'what a client has put at one replica is not waited for when another one runs what it asks next',
    changes: { node: forgetOwnWrites },
    scenario: (changes) => pipelines(changes, BEHIND),
    shows: NO_ORDER,
    seed: 5,
  },
  {
    name: 'old-era',
    about: 'one replica acknowledges plain writes of keys that consensus decides about',
    changes: { membership: acknowledgeOldEra },
    scenario: (changes) => changingRing(changes, { ...SLOW, nodesMax: 3 }),
    shows: NO_ORDER,
    seed: 27,
  },
  {
    name: 'joining-reads',
    about: 'who is joining is asked as if it had what its slots hold',
    changes: { membership: readFromJoining },
    scenario: (changes) => changingRing(changes, SLOW_AND_KILLED),
    shows: SEEN,
    seed: 1,
  },
  {
    name: 'early-end',
    about: 'a change of the ring ends before a majority of those who hold what moves refuses the ring before',
    changes: { membership: fenceNobody },
    scenario: (changes) => changingRing(changes, RELAYED),
    shows: SEEN,
    seed: 5,
  },
  {
    name: 'same-id',
    about: 'who takes the place of a member whose disk is lost takes its id, too',
    changes: { member: reuseId },
    scenario: (changes) => changingRing(changes, LOSING),
    shows: SEEN,
    seed: 72,
  },
  {
    name: 'no-chunk-checksum',
    about: 'what members are given to take over slots is taken though it was damaged on its way',
    changes: { membership: takeDamagedChunks },
    scenario: (changes) => changingRing({ membership: damageChunks, ...changes }, GROWING),
    shows: /nobody wrote that/,
    seed: 5,
  },
  {
    name: 'settled-too-much',
    about: 'slots are settled up to a stamp up to which writes are under way yet',
    changes: { membership: settleTooMuch },
    scenario: (changes) => deletes(changes, { chaosMs: 10_000, secludes: false }),
    shows: /shows again|differs/,
    seed: 5,
  },
  {
    name: 'early-mark',
    about:
      'that an element was removed is forgotten as soon as it is on the disk, though others may not have heard of it',
    changes: { node: dropMarksEarly },
    scenario: (changes) => deletes(changes, CHURNING),
    shows: /shows again|written again|differs/,
    seed: 11,
  },
  {
    name: 'settled-over-hint',
    about: 'slots are settled though hints are kept that are older',
    changes: { node: settleOverHints },
    scenario: (changes) => deletes(changes, { ...QUIET, driftPpm: 0, badLinkShare: 0, secludes: true }),
    shows: /never shows|shows again/,
    seed: 3,
  },
  {
    name: 'forgotten-too-early',
    about: 'decisions about deleted keys are forgotten before the ballots that were promised are refused',
    changes: { node: forgetTooEarly },
    scenario: (changes) => forgetting(changes, { ...QUIET, driftPpm: 0, badLinkShare: 0 }),
    shows: NO_ORDER,
    seed: 3,
  },
  {
    name: 'old-state',
    about: 'who was away for too long merges what it has, instead of being rebuilt',
    changes: { membership: mergeWhatIsOld },
    scenario: (changes) => absences(changes, { chaosMs: 4000 }),
    shows: /shows again|differs/,
    seed: 2,
  },
];

/** Throws an error fit for the user if there is none of that name. */
export function findPlantedBugs(name: string): readonly PlantedBug[] {
  const found = plantedBugs.filter((bug) => name === 'all' || bug.name === name);
  if (found.length > 0) return found;
  throw new Error(`--planted must be all or ${plantedBugs.map((bug) => bug.name).join(' or ')}, not '${name}'`);
}

/** The problem that shows a bug, among those of a seed. */
export function shownBy({ shows }: PlantedBug, problems: readonly string[]): string | undefined {
  return problems.find((problem) => shows.test(problem));
}
