/** Scripts with one key that do what commands which compare and set do. Whatever they are sent for, consensus decides about it. */

const SCRIPTS: ReadonlyMap<string, string> = new Map([
  ['GET', "return redis.call('GET', KEYS[1])"],
  ['SET', "return redis.call('SET', KEYS[1], ARGV[1])"],
  ['DEL', "return redis.call('DEL', KEYS[1])"],
  ['INCR', "return redis.call('INCR', KEYS[1])"],
  ['APPEND', "return redis.call('APPEND', KEYS[1], ARGV[1])"],
  ['GETSET', "local was = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], ARGV[1]) return was"],
  ['SETNX', "if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end redis.call('SET', KEYS[1], ARGV[1]) return 1"],
  ['CAS', "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end redis.call('SET', KEYS[1], ARGV[2]) return 1"],
  ['CAD', "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end return redis.call('DEL', KEYS[1])"],
]);

/** How the package redlock and others take a lock. */
const TAKE = "return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])";

/** A request on one key, as a script. */
export function byScript([command, key, ...more]: readonly string[]): string[] {
  // SET key token NX PX ms
  if (command === 'SET' && more.length > 1) return ['EVAL', TAKE, '1', key, more[0], more[3]];
  const script = SCRIPTS.get(command);
  if (script === undefined) throw new Error(`there is no script for ${command}`);
  return ['EVAL', script, '1', key, ...more];
}
