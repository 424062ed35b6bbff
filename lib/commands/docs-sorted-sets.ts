/** What COMMAND DOCS tells about the commands of sorted sets: rows of docs.ts. */

import type { Deprecation, DocRow } from './docs.js';

const ONE = 'O(1)';
const LOG = 'O(log(N)), N being the number of members';
const LOG_EACH = 'O(M*log(N)), N being the number of members and M that of those given';
const RANGE = 'O(log(N)+M), N being the number of members and M that of those in the range';
const POP = 'O(M*log(N)), N being the number of members and M that of those popped';
const POP_SOME = 'O(K+M*log(N)), K being the number of keys, N that of members and M that of those popped';
const UNION = 'O(N+M*log(M)), N being the number of members that go in and M that of those that come out';
const INTERSECTION = 'O(N*K+M*log(M)), N being the size of the smallest of K sets and M that of the result';
const DIFFERENCE = 'O(N*K+M*log(M)), N being the size of the first of K sets and M that of the result';

export const SORTED_SET_DOCS: readonly DocRow[] = [
  ['bzmpop', '7.0.0', POP_SOME, 'Pops members from the first sorted set that has any; waits for some.'],
  ['bzpopmax', '5.0.0', LOG, 'Pops the member with the highest score; waits for one.'],
  ['bzpopmin', '5.0.0', LOG, 'Pops the member with the lowest score; waits for one.'],
  ['zadd', '1.2.0', LOG_EACH, 'Adds members with their scores, or changes scores.'],
  ['zcard', '1.2.0', ONE, 'Returns how many members there are.'],
  ['zcount', '2.0.0', LOG, 'Returns how many members have a score in a range.'],
  ['zdiff', '6.2.0', DIFFERENCE, 'Returns the members of the first sorted set that are in no other.'],
  ['zdiffstore', '6.2.0', DIFFERENCE, 'Stores the members of the first sorted set that are in no other.'],
  ['zincrby', '1.2.0', LOG, 'Adds to the score of a member, which begins at 0.'],
  ['zinter', '6.2.0', INTERSECTION, 'Returns the members that all sorted sets have.'],
  ['zintercard', '7.0.0', 'O(N*K), N being the size of the smallest of K sets', 'Counts the members that all have.'],
  ['zinterstore', '2.0.0', INTERSECTION, 'Stores the members that all sorted sets have.'],
  ['zlexcount', '2.8.9', LOG, 'Returns how many members are in a range, of members with equal scores.'],
  ['zmpop', '7.0.0', POP_SOME, 'Pops members from the first sorted set that has any.'],
  ['zmscore', '6.2.0', 'O(N), N being the number of members given', 'Returns the scores of members.'],
  ['zpopmax', '5.0.0', POP, 'Pops the members with the highest scores.'],
  ['zpopmin', '5.0.0', POP, 'Pops the members with the lowest scores.'],
  ['zrandmember', '6.2.0', 'O(M*log(N)), M being the number of members returned', 'Returns members chosen at random.'],
  ['zrange', '1.2.0', RANGE, 'Returns the members in a range of ranks, scores or members.'],
  ['zrangebylex', '2.8.9', RANGE, 'Returns the members in a range, of members with equal scores.'],
  ['zrangebyscore', '1.0.5', RANGE, 'Returns the members in a range of scores.'],
  ['zrangestore', '6.2.0', RANGE, 'Stores the members in a range of ranks, scores or members.'],
  ['zrank', '2.0.0', LOG, 'Returns how many members lie before one, from the lowest score on.'],
  ['zrem', '1.2.0', LOG_EACH, 'Removes members.'],
  ['zremrangebylex', '2.8.9', RANGE, 'Removes the members in a range, of members with equal scores.'],
  ['zremrangebyrank', '2.0.0', RANGE, 'Removes the members in a range of ranks.'],
  ['zremrangebyscore', '1.2.0', RANGE, 'Removes the members in a range of scores.'],
  ['zrevrange', '1.2.0', RANGE, 'Returns the members in a range of ranks, from the highest score on.'],
  ['zrevrangebylex', '2.8.9', RANGE, 'Returns the members in a range backwards, of members with equal scores.'],
  ['zrevrangebyscore', '2.2.0', RANGE, 'Returns the members in a range of scores, from the highest score on.'],
  ['zrevrank', '2.0.0', LOG, 'Returns how many members lie before one, from the highest score on.'],
  ['zscan', '2.8.0', 'O(1) a call, O(N) for all N members', 'Returns the members with their scores, step by step.'],
  ['zscore', '1.2.0', ONE, 'Returns the score of a member.'],
  ['zunion', '6.2.0', UNION, 'Returns the members that any of the sorted sets has.'],
  ['zunionstore', '2.0.0', UNION, 'Stores the members that any of the sorted sets has.'],
];

export const SORTED_SET_DEPRECATIONS: readonly (readonly [string, Deprecation])[] = [
  ['zrangebylex', { since: '6.2.0', replacedBy: '`ZRANGE` with the `BYLEX` argument' }],
  ['zrangebyscore', { since: '6.2.0', replacedBy: '`ZRANGE` with the `BYSCORE` argument' }],
  ['zrevrange', { since: '6.2.0', replacedBy: '`ZRANGE` with the `REV` argument' }],
  ['zrevrangebylex', { since: '6.2.0', replacedBy: '`ZRANGE` with the `REV` and `BYLEX` arguments' }],
  ['zrevrangebyscore', { since: '6.2.0', replacedBy: '`ZRANGE` with the `REV` and `BYSCORE` arguments' }],
];
