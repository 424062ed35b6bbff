/** Hints for clients and proxies that COMMAND INFO gives with some commands (https://redis.io/docs/latest/develop/reference/command-tips/). */

const RANDOM = 'nondeterministic_output';
const UNORDERED = 'nondeterministic_output_order';
const ALL_NODES = 'request_policy:all_nodes';
const ALL_SHARDS = 'request_policy:all_shards';
const BY_KEYS = 'request_policy:multi_shard';
const ALL_OK = 'response_policy:all_succeeded';
const AND = 'response_policy:agg_logical_and';
const LEAST = 'response_policy:agg_min';
const SUM = 'response_policy:agg_sum';
const SPECIAL = 'response_policy:special';

const TIPS: ReadonlyMap<string, readonly string[]> = new Map([
  ['client|info', [RANDOM]],
  ['client|list', [RANDOM]],
  ['cluster|count-failure-reports', [RANDOM]],
  ['cluster|getkeysinslot', [RANDOM]],
  ['cluster|info', [RANDOM]],
  ['cluster|links', [RANDOM]],
  ['cluster|nodes', [RANDOM]],
  ['cluster|replicas', [RANDOM]],
  ['cluster|shards', [RANDOM]],
  ['cluster|slaves', [RANDOM]],
  ['cluster|slots', [RANDOM]],
  ['command', [UNORDERED]],
  ['command|docs', [UNORDERED]],
  ['command|info', [UNORDERED]],
  ['command|list', [UNORDERED]],
  ['config|set', [ALL_NODES, ALL_OK]],
  ['dbsize', [ALL_SHARDS, SUM]],
  ['del', [BY_KEYS, SUM]],
  ['dump', [RANDOM]],
  ['exists', [BY_KEYS, SUM]],
  ['flushall', [ALL_SHARDS, ALL_OK]],
  ['flushdb', [ALL_SHARDS, ALL_OK]],
  ['info', [RANDOM, ALL_SHARDS, SPECIAL]],
  ['keys', [ALL_SHARDS, UNORDERED]],
  ['lastsave', [RANDOM]],
  ['latency|doctor', [RANDOM, ALL_NODES, SPECIAL]],
  ['latency|graph', [RANDOM, ALL_NODES, SPECIAL]],
  ['latency|histogram', [RANDOM, ALL_NODES, SPECIAL]],
  ['latency|history', [RANDOM, ALL_NODES, SPECIAL]],
  ['latency|latest', [RANDOM, ALL_NODES, SPECIAL]],
  ['latency|reset', [ALL_NODES, ALL_OK]],
  ['memory|doctor', [RANDOM, ALL_SHARDS, SPECIAL]],
  ['memory|malloc-stats', [RANDOM, ALL_SHARDS, SPECIAL]],
  ['memory|purge', [ALL_SHARDS, ALL_OK]],
  ['memory|stats', [RANDOM, ALL_SHARDS, SPECIAL]],
  ['mget', [BY_KEYS]],
  ['module|list', [UNORDERED]],
  ['mset', [BY_KEYS, ALL_OK]],
  ['msetnx', [BY_KEYS, LEAST]],
  ['object|encoding', [RANDOM]],
  ['object|freq', [RANDOM]],
  ['object|idletime', [RANDOM]],
  ['object|refcount', [RANDOM]],
  ['ping', [ALL_SHARDS, ALL_OK]],
  ['pttl', [RANDOM]],
  ['randomkey', [ALL_SHARDS, RANDOM]],
  ['scan', [RANDOM, 'request_policy:special']],
  ['script|exists', [ALL_SHARDS, AND]],
  ['script|flush', [ALL_NODES, ALL_OK]],
  ['script|kill', [ALL_SHARDS, 'response_policy:one_succeeded']],
  ['script|load', [ALL_NODES, ALL_OK]],
  ['slowlog|get', [ALL_NODES, RANDOM]],
  ['slowlog|len', [ALL_NODES, SUM, RANDOM]],
  ['slowlog|reset', [ALL_NODES, ALL_OK]],
  ['time', [RANDOM]],
  ['touch', [BY_KEYS, SUM]],
  ['ttl', [RANDOM]],
  ['unlink', [BY_KEYS, SUM]],
  ['wait', [ALL_SHARDS, LEAST]],
  ['waitaof', [ALL_SHARDS, LEAST]],
  ['hgetall', [UNORDERED]],
  ['hkeys', [UNORDERED]],
  ['hrandfield', [RANDOM]],
  ['hscan', [RANDOM]],
  ['hvals', [UNORDERED]],
  ['sdiff', [UNORDERED]],
  ['sinter', [UNORDERED]],
  ['smembers', [UNORDERED]],
  ['spop', [RANDOM]],
  ['srandmember', [RANDOM]],
  ['sscan', [RANDOM]],
  ['sunion', [UNORDERED]],
  ['zrandmember', [RANDOM]],
  ['zscan', [RANDOM]],
]);

/** The hints for a command, by its full name. */
export function commandTips(fullName: string): readonly string[] {
  return TIPS.get(fullName) ?? [];
}
