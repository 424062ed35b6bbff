/**
 * Small Lua scripts: some statements and a result. They are called with up to two keys, and an element, an integer and a field as arguments.
 * What they call answers the same everywhere, in the same order.
 */
import fc, { type Arbitrary } from 'fast-check';

const KEY = "(KEYS[1] or 'k0')";
const OTHER = "(KEYS[2] or 'k1')";

const CALLS = [
  `'set',${KEY},ARGV[1]`,
  `'get',${KEY}`,
  `'incrby',${KEY},ARGV[2]`,
  `'append',${KEY},ARGV[1]`,
  `'strlen',${OTHER}`,
  `'del',${OTHER}`,
  `'exists',${KEY},${OTHER}`,
  `'type',${KEY}`,
  `'rename',${KEY},${OTHER}`,
  `'copy',${KEY},${OTHER},'replace'`,
  `'expire',${KEY},100000`,
  `'persist',${KEY}`,
  `'hset',${KEY},ARGV[3],ARGV[1],'f','v'`,
  `'hget',${KEY},ARGV[3]`,
  `'hincrby',${KEY},ARGV[3],ARGV[2]`,
  `'hdel',${KEY},ARGV[3]`,
  `'hlen',${OTHER}`,
  `'rpush',${KEY},ARGV[1],ARGV[2],ARGV[3]`,
  `'lpop',${KEY}`,
  `'lrange',${KEY},0,-1`,
  `'llen',${OTHER}`,
  `'lmove',${KEY},${OTHER},'left','right'`,
  `'sadd',${KEY},ARGV[1],ARGV[2]`,
  `'srem',${KEY},ARGV[2]`,
  `'scard',${OTHER}`,
  `'sismember',${KEY},ARGV[1]`,
  `'zadd',${KEY},ARGV[2],ARGV[3]`,
  `'zincrby',${KEY},1.5,ARGV[3]`,
  `'zrange',${KEY},0,-1,'withscores'`,
  `'zscore',${KEY},ARGV[3]`,
  `'zrank',${OTHER},ARGV[3]`,
  `'mset',${KEY},ARGV[1],${OTHER},ARGV[2]`,
  `'mget',${KEY},${OTHER},'none'`,
  `'getrange',${KEY},1,-2`,
  `'ping'`,
  `'echo',ARGV[1]`,
  `'nosuch',${KEY}`,
  `'get'`,
  `'subscribe','c'`,
  `'select',1`,
] as const;

const RESULTS = [
  'return r',
  'return r[1]',
  'return r[#r]',
  'return {#r,r}',
  'return {r[1],nil,3}',
  'return #KEYS+#ARGV',
  'return tonumber(ARGV[2])',
  'return {1.9,-1.9,ARGV[2]+0.5}',
  'return r[1] and true',
  'return not r[1]',
  'return type(r[1])',
  'return {ok=ARGV[3]}',
  "return {err='MY '..ARGV[3]}",
  "return redis.error_reply('OOPS '..ARGV[3])",
  "return redis.status_reply('FINE')",
  'return redis.sha1hex(ARGV[1])',
  'return cjson.encode({1,{ARGV[2]},{}})',
  'return cjson.decode(\'[1,2.5,"x",null,true]\')[2]',
  'return bit.band(tonumber(ARGV[2]) or 7,255)',
  "return struct.unpack('>I2',struct.pack('>I2',258))",
  'return {cmsgpack.unpack(cmsgpack.pack(1,{2,3}))}',
  'return tostring(r[1]==false)..string.format("%d%5.2f%s",3,2.5,ARGV[3])',
  'error(ARGV[3])',
  'error({err="ERR table"})',
  'return nosuch',
  'nosuch=1',
  'return',
  '',
] as const;

const call: Arbitrary<string> = fc
  .tuple(fc.constantFrom('call', 'pcall', 'pcall'), fc.constantFrom(...CALLS))
  .map(([how, args]) => `redis.${how}(${args})`);

const statement: Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: call.map((each) => `r[#r+1]=${each}`) },
  { weight: 3, arbitrary: call },
  { weight: 1, arbitrary: call.map((each) => `if ${each} then r[#r+1]=1 end`) },
  { weight: 1, arbitrary: call.map((each) => `for i=1,3 do r[#r+1]=${each} end`) },
  { weight: 1, arbitrary: fc.constant('redis.setresp(3)') },
);

export const script: Arbitrary<Buffer> = fc
  .tuple(fc.array(statement, { maxLength: 4 }), fc.constantFrom(...RESULTS))
  .map(([statements, result]) => Buffer.from(['local r={}', ...statements, result].join(' ')));
