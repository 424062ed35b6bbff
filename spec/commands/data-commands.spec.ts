import { expect } from 'chai';
import type { SyncCommand } from '../../lib/commands/command.js';
import { dataCommands } from '../../lib/commands/data-commands.js';

/** What COMMAND INFO of Redis 7.0.15 says: name, arity, flags, first and last key, step. */
const REDIS_ROWS = `
get 2 readonly,fast 1 1 1
set -3 write,denyoom 1 1 1
setnx 3 write,denyoom,fast 1 1 1
setex 4 write,denyoom 1 1 1
psetex 4 write,denyoom 1 1 1
getset 3 write,denyoom,fast 1 1 1
getex -2 write,fast 1 1 1
getdel 2 write,fast 1 1 1
mget -2 readonly,fast 1 -1 1
mset -3 write,denyoom 1 -1 2
msetnx -3 write,denyoom 1 -1 2
append 3 write,denyoom,fast 1 1 1
strlen 2 readonly,fast 1 1 1
getrange 4 readonly 1 1 1
substr 4 readonly 1 1 1
setrange 4 write,denyoom 1 1 1
incr 2 write,denyoom,fast 1 1 1
decr 2 write,denyoom,fast 1 1 1
incrby 3 write,denyoom,fast 1 1 1
decrby 3 write,denyoom,fast 1 1 1
incrbyfloat 3 write,denyoom,fast 1 1 1
lcs -3 readonly 1 2 1
setbit 4 write,denyoom 1 1 1
getbit 3 readonly,fast 1 1 1
bitcount -2 readonly 1 1 1
bitpos -3 readonly 1 1 1
bitop -4 write,denyoom 2 -1 1
bitfield -2 write,denyoom 1 1 1
bitfield_ro -2 readonly,fast 1 1 1
pfadd -2 write,denyoom,fast 1 1 1
pfcount -2 readonly,may_replicate 1 -1 1
pfmerge -2 write,denyoom 1 -1 1
pfdebug 3 write,denyoom,admin 2 2 1
pfselftest 1 admin 0 0 0
del -2 write 1 -1 1
unlink -2 write,fast 1 -1 1
exists -2 readonly,fast 1 -1 1
type 2 readonly,fast 1 1 1
expire -3 write,fast 1 1 1
pexpire -3 write,fast 1 1 1
expireat -3 write,fast 1 1 1
pexpireat -3 write,fast 1 1 1
ttl 2 readonly,fast 1 1 1
pttl 2 readonly,fast 1 1 1
expiretime 2 readonly,fast 1 1 1
pexpiretime 2 readonly,fast 1 1 1
persist 2 write,fast 1 1 1
blmove 6 write,denyoom,noscript,blocking 1 2 1
blmpop -5 write,blocking,movablekeys 0 0 0
blpop -3 write,noscript,blocking 1 -2 1
brpop -3 write,noscript,blocking 1 -2 1
brpoplpush 4 write,denyoom,noscript,blocking 1 2 1
lindex 3 readonly 1 1 1
linsert 5 write,denyoom 1 1 1
llen 2 readonly,fast 1 1 1
lmove 5 write,denyoom 1 2 1
lmpop -4 write,movablekeys 0 0 0
lpop -2 write,fast 1 1 1
lpos -3 readonly 1 1 1
lpush -3 write,denyoom,fast 1 1 1
lpushx -3 write,denyoom,fast 1 1 1
lrange 4 readonly 1 1 1
lrem 4 write 1 1 1
lset 4 write,denyoom 1 1 1
ltrim 4 write 1 1 1
rpop -2 write,fast 1 1 1
rpoplpush 3 write,denyoom 1 2 1
rpush -3 write,denyoom,fast 1 1 1
rpushx -3 write,denyoom,fast 1 1 1
bzmpop -5 write,blocking,movablekeys 0 0 0
bzpopmax -3 write,noscript,blocking,fast 1 -2 1
bzpopmin -3 write,noscript,blocking,fast 1 -2 1
hdel -3 write,fast 1 1 1
hexists 3 readonly,fast 1 1 1
hget 3 readonly,fast 1 1 1
hgetall 2 readonly 1 1 1
hincrby 4 write,denyoom,fast 1 1 1
hincrbyfloat 4 write,denyoom,fast 1 1 1
hkeys 2 readonly 1 1 1
hlen 2 readonly,fast 1 1 1
hmget -3 readonly,fast 1 1 1
hmset -4 write,denyoom,fast 1 1 1
hrandfield -2 readonly 1 1 1
hscan -3 readonly 1 1 1
hset -4 write,denyoom,fast 1 1 1
hsetnx 4 write,denyoom,fast 1 1 1
hstrlen 3 readonly,fast 1 1 1
hvals 2 readonly 1 1 1
sadd -3 write,denyoom,fast 1 1 1
scard 2 readonly,fast 1 1 1
sdiff -2 readonly 1 -1 1
sdiffstore -3 write,denyoom 1 -1 1
sinter -2 readonly 1 -1 1
sintercard -3 readonly,movablekeys 0 0 0
sinterstore -3 write,denyoom 1 -1 1
sismember 3 readonly,fast 1 1 1
smembers 2 readonly 1 1 1
smismember -3 readonly,fast 1 1 1
smove 4 write,fast 1 2 1
spop -2 write,fast 1 1 1
srandmember -2 readonly 1 1 1
srem -3 write,fast 1 1 1
sscan -3 readonly 1 1 1
sunion -2 readonly 1 -1 1
sunionstore -3 write,denyoom 1 -1 1
zadd -4 write,denyoom,fast 1 1 1
zcard 2 readonly,fast 1 1 1
zcount 4 readonly,fast 1 1 1
zdiff -3 readonly,movablekeys 0 0 0
zdiffstore -4 write,denyoom,movablekeys 1 1 1
zincrby 4 write,denyoom,fast 1 1 1
zinter -3 readonly,movablekeys 0 0 0
zintercard -3 readonly,movablekeys 0 0 0
zinterstore -4 write,denyoom,movablekeys 1 1 1
zlexcount 4 readonly,fast 1 1 1
zmpop -4 write,movablekeys 0 0 0
zmscore -3 readonly,fast 1 1 1
zpopmax -2 write,fast 1 1 1
zpopmin -2 write,fast 1 1 1
zrandmember -2 readonly 1 1 1
zrange -4 readonly 1 1 1
zrangebylex -4 readonly 1 1 1
zrangebyscore -4 readonly 1 1 1
zrangestore -5 write,denyoom 1 2 1
zrank 3 readonly,fast 1 1 1
zrem -3 write,fast 1 1 1
zremrangebylex 4 write 1 1 1
zremrangebyrank 4 write 1 1 1
zremrangebyscore 4 write 1 1 1
zrevrange -4 readonly 1 1 1
zrevrangebylex -4 readonly 1 1 1
zrevrangebyscore -4 readonly 1 1 1
zrevrank 3 readonly,fast 1 1 1
zscan -3 readonly 1 1 1
zscore 3 readonly,fast 1 1 1
zunion -3 readonly,movablekeys 0 0 0
zunionstore -4 write,denyoom,movablekeys 1 1 1
geoadd -5 write,denyoom 1 1 1
geodist -4 readonly 1 1 1
geohash -2 readonly 1 1 1
geopos -2 readonly 1 1 1
georadius -6 write,denyoom,movablekeys 1 1 1
georadius_ro -6 readonly 1 1 1
georadiusbymember -5 write,denyoom,movablekeys 1 1 1
georadiusbymember_ro -5 readonly 1 1 1
geosearch -7 readonly 1 1 1
geosearchstore -8 write,denyoom 1 2 1
keys 2 readonly 0 0 0
scan -2 readonly 0 0 0
randomkey 1 readonly 0 0 0
rename 3 write 1 2 1
renamenx 3 write,fast 1 2 1
copy -3 write,denyoom 1 2 1
move 3 write,fast 1 1 1
touch -2 readonly,fast 1 -1 1
object -2  0 0 0
object|encoding 3 readonly 2 2 1
object|freq 3 readonly 2 2 1
object|help 2 loading,stale 0 0 0
object|idletime 3 readonly 2 2 1
object|refcount 3 readonly 2 2 1
dbsize 1 readonly,fast 0 0 0
flushdb -1 write 0 0 0
flushall -1 write 0 0 0
swapdb 3 write,fast 0 0 0
select 2 loading,stale,fast 0 0 0
sort -2 write,denyoom,movablekeys 1 1 1
sort_ro -2 readonly,movablekeys 1 1 1
dump 2 readonly 1 1 1
restore -4 write,denyoom 1 1 1`;

/** Commands that Redis 7.0 has not. */
const NEWER = [
  'cas',
  'cad',
  'delex',
  'delifeq',
  'hexpire',
  'hexpireat',
  'hexpiretime',
  'hpersist',
  'hpexpire',
  'hpexpireat',
  'hpexpiretime',
  'hpttl',
  'httl',
  'vdel',
  'vget',
  'vset',
];

describe('dataCommands', () => {
  it('say of themselves what Redis says', () => {
    const rows = dataCommands.flatMap((command) => {
      const subcommands = 'subcommands' in command ? command.subcommands : [];
      return [row(command.name, command), ...subcommands.map((sub) => row(`${command.name}|${sub.name}`, sub))];
    });
    const ours = rows.filter((text) => !NEWER.includes(text.split(' ')[0]));
    expect(ours.sort()).to.deep.equal(REDIS_ROWS.trim().split('\n').sort());
  });

  it('have names of their own', () => {
    const names = dataCommands.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    expect(names).to.include.members(NEWER);
  });
});

function row(name: string, { arity, flags, keys }: Omit<SyncCommand, 'run'>): string {
  return [name, arity, flags.join(','), keys.first, keys.last, keys.step].join(' ');
}
