import type { MemberList } from '../data/member-list.js';
import type { Call } from './call.js';

/** Answers with members as a set. */
export function replyMembers({ reply }: Call, members: MemberList): void {
  reply.set(members.count);
  for (let i = 0; i < members.count; i++) reply.bulk(members.bytes, members.start(i), members.end(i));
}
