import type { ReplyValue } from '../protocol/reply-value.js';
import { ReplyError } from '../protocol/reply-value.js';
import { askNode } from './ask-node.js';
import type { ShownMember, ShownRing } from './ring-picture.js';
import { pictureOf } from './ring-picture.js';
import type { ToolPorts } from './tool.js';
import { ExitCode } from './tool.js';

const TIMEOUT_MS = 5000;
const REQUESTS = [
  ['RING', 'STATUS'],
  ['RING', 'MEMBERS'],
  ['CLUSTER', 'SLOTS'],
] as const;

type Fields = ReadonlyMap<string, ReplyValue>;

export interface ShowRequest {
  readonly host: string;
  readonly port: number;
  /** Empty: none. */
  readonly password: string;
}

/** Shows the ring as one of its nodes sees it. */
export async function showRing({ host, port, password }: ShowRequest, ports: ToolPorts): Promise<ExitCode> {
  const login = password === '' ? [] : [['AUTH', password]];
  try {
    const replies = await askNode({ ...ports, host, port, timeoutMs: TIMEOUT_MS }, [...login, ...REQUESTS]);
    for (const reply of replies) if (reply instanceof ReplyError) throw reply;
    const [status, members, slots] = replies.slice(login.length);
    const ring = shownRing(fieldsOf(status), listOf(members).map(fieldsOf), listOf(slots));
    for (const line of pictureOf(ring, ports.hasColour)) ports.print(line);
    return ExitCode.OK;
  } catch (error) {
    ports.complain(error instanceof Error ? error.message : String(error));
    return ExitCode.FAILED;
  }
}

function shownRing(status: Fields, members: readonly Fields[], slots: readonly ReplyValue[]): ShownRing {
  const ids = members.map((member) => textOf(member.get('id')));
  return {
    title: titleOf(status),
    members: members.map(shownMember),
    waitsFor: listOf(status.get('change-waits-for') ?? null).map(textOf),
    toBeReplaced: ids.indexOf(textOf(status.get('to-be-replaced'))),
    ranges: slots.map((range) => {
      const [start, end, node] = listOf(range);
      return { start: Number(start), end: Number(end), leader: ids.indexOf(textOf(listOf(node)[2])) };
    }),
  };
}

function titleOf(status: Fields): string {
  const text = (name: string): string => textOf(status.get(name));
  const lost = Number(status.get('slots-without-majority')) + Number(status.get('slots-lost'));
  const health = lost === 0 ? 'all slots have a majority of their replicas' : `${lost} slots have no majority`;
  return (
    `ring ${text('cluster').slice(0, 8)}, epoch ${text('epoch')} of generation ${text('generation')}: ` +
    `${text('members-up')} of ${text('members')} members up, ${text('replicas')} replicas; ${health}`
  );
}

function shownMember(member: Fields): ShownMember {
  const flag = (name: string): boolean => member.get(name) === 1;
  const count = (name: string): number => Number(member.get(name));
  return {
    address: `${textOf(member.get('host'))}:${textOf(member.get('port'))}`,
    isAsked: flag('myself'),
    isUp: flag('up'),
    liveness: textOf(member.get('liveness')),
    state: textOf(member.get('state')),
    isVoter: flag('voter'),
    zone: textOf(member.get('zone')),
    heldSlots: count('slots-held'),
    ledSlots: count('slots-led'),
    roundTripUs: count('round-trip-us'),
    queuedBytes: count('queued-bytes'),
    filledPercent: count('filled-percent'),
  };
}

/** A map of RESP2: names and values in turns. */
function fieldsOf(reply: ReplyValue): Fields {
  const items = listOf(reply);
  const fields = new Map<string, ReplyValue>();
  for (let i = 0; i + 1 < items.length; i += 2) fields.set(textOf(items[i]), items[i + 1]);
  return fields;
}

function listOf(reply: ReplyValue): readonly ReplyValue[] {
  return Array.isArray(reply) ? (reply as readonly ReplyValue[]) : [];
}

function textOf(reply: ReplyValue | undefined): string {
  return typeof reply === 'string' || typeof reply === 'number' ? String(reply) : '';
}
