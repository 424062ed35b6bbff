/**
 * What redis-server 7.0.15 answers to COMMAND INFO about each command that ringkv has too: an oracle for specs. A row:
 *
 *     name | arity | flags | first key, last key, step | ACL categories | tips | key specifications
 *
 * Words of sets are sorted. A key specification is its flags, then index of the first key, last key, step.
 */
export const REDIS_COMMANDS = `
acl | -2 | | 0 0 0 | slow | |
acl|cat | -2 | loading noscript stale | 0 0 0 | slow | |
acl|deluser | -3 | admin loading noscript stale | 0 0 0 | admin dangerous slow | |
acl|dryrun | -4 | admin loading noscript stale | 0 0 0 | admin dangerous slow | |
acl|genpass | -2 | loading noscript stale | 0 0 0 | slow | |
acl|getuser | 3 | admin loading noscript stale | 0 0 0 | admin dangerous slow | |
acl|help | 2 | loading stale | 0 0 0 | slow | |
acl|list | 2 | admin loading noscript stale | 0 0 0 | admin dangerous slow | |
acl|load | 2 | admin loading noscript stale | 0 0 0 | admin dangerous slow | |
acl|log | -2 | admin loading noscript stale | 0 0 0 | admin dangerous slow | |
acl|save | 2 | admin loading noscript stale | 0 0 0 | admin dangerous slow | |
acl|setuser | -3 | admin loading noscript stale | 0 0 0 | admin dangerous slow | |
acl|users | 2 | admin loading noscript stale | 0 0 0 | admin dangerous slow | |
acl|whoami | 2 | loading noscript stale | 0 0 0 | slow | |
append | 3 | denyoom fast write | 1 1 1 | fast string write | | RW insert 1 0 1
asking | 1 | fast | 0 0 0 | connection fast | |
auth | -2 | allow_busy fast loading no_auth noscript stale | 0 0 0 | connection fast | |
bgrewriteaof | 1 | admin no_async_loading noscript | 0 0 0 | admin dangerous slow | |
bgsave | -1 | admin no_async_loading noscript | 0 0 0 | admin dangerous slow | |
bitcount | -2 | readonly | 1 1 1 | bitmap read slow | | RO access 1 0 1
bitfield | -2 | denyoom write | 1 1 1 | bitmap slow write | | RW access update variable_flags 1 0 1
bitfield_ro | -2 | fast readonly | 1 1 1 | bitmap fast read | | RO access 1 0 1
bitop | -4 | denyoom write | 2 -1 1 | bitmap slow write | | OW update 2 0 1, RO access 3 -1 1
bitpos | -3 | readonly | 1 1 1 | bitmap read slow | | RO access 1 0 1
blmove | 6 | blocking denyoom noscript write | 1 2 1 | blocking list slow write | | RW access delete 1 0 1, RW insert 2 0 1
blmpop | -5 | blocking movablekeys write | 0 0 0 | blocking list slow write | | RW access delete 2 0 1
blpop | -3 | blocking noscript write | 1 -2 1 | blocking list slow write | | RW access delete 1 -2 1
brpop | -3 | blocking noscript write | 1 -2 1 | blocking list slow write | | RW access delete 1 -2 1
brpoplpush | 4 | blocking denyoom noscript write | 1 2 1 | blocking list slow write | | RW access delete 1 0 1, RW insert 2 0 1
bzmpop | -5 | blocking movablekeys write | 0 0 0 | blocking slow sortedset write | | RW access delete 2 0 1
bzpopmax | -3 | blocking fast noscript write | 1 -2 1 | blocking fast sortedset write | | RW access delete 1 -2 1
bzpopmin | -3 | blocking fast noscript write | 1 -2 1 | blocking fast sortedset write | | RW access delete 1 -2 1
client | -2 | | 0 0 0 | slow | |
client|caching | 3 | loading noscript stale | 0 0 0 | connection slow | |
client|getname | 2 | loading noscript stale | 0 0 0 | connection slow | |
client|getredir | 2 | loading noscript stale | 0 0 0 | connection slow | |
client|help | 2 | loading stale | 0 0 0 | connection slow | |
client|id | 2 | loading noscript stale | 0 0 0 | connection slow | |
client|info | 2 | loading noscript stale | 0 0 0 | connection slow | nondeterministic_output |
client|kill | -3 | admin loading noscript stale | 0 0 0 | admin connection dangerous slow | |
client|list | -2 | admin loading noscript stale | 0 0 0 | admin connection dangerous slow | nondeterministic_output |
client|no-evict | 3 | admin loading noscript stale | 0 0 0 | admin connection dangerous slow | |
client|pause | -3 | admin loading noscript stale | 0 0 0 | admin connection dangerous slow | |
client|reply | 3 | loading noscript stale | 0 0 0 | connection slow | |
client|setname | 3 | loading noscript stale | 0 0 0 | connection slow | |
client|tracking | -3 | loading noscript stale | 0 0 0 | connection slow | |
client|trackinginfo | 2 | loading noscript stale | 0 0 0 | connection slow | |
client|unblock | -3 | admin loading noscript stale | 0 0 0 | admin connection dangerous slow | |
client|unpause | 2 | admin loading noscript stale | 0 0 0 | admin connection dangerous slow | |
cluster | -2 | | 0 0 0 | slow | |
cluster|count-failure-reports | 3 | admin stale | 0 0 0 | admin dangerous slow | nondeterministic_output |
cluster|countkeysinslot | 3 | stale | 0 0 0 | slow | |
cluster|forget | 3 | admin no_async_loading stale | 0 0 0 | admin dangerous slow | |
cluster|getkeysinslot | 4 | stale | 0 0 0 | slow | nondeterministic_output |
cluster|help | 2 | loading stale | 0 0 0 | slow | |
cluster|info | 2 | stale | 0 0 0 | slow | nondeterministic_output |
cluster|keyslot | 3 | stale | 0 0 0 | slow | |
cluster|links | 2 | stale | 0 0 0 | slow | nondeterministic_output |
cluster|meet | -4 | admin no_async_loading stale | 0 0 0 | admin dangerous slow | |
cluster|myid | 2 | stale | 0 0 0 | slow | |
cluster|nodes | 2 | stale | 0 0 0 | slow | nondeterministic_output |
cluster|replicas | 3 | admin stale | 0 0 0 | admin dangerous slow | nondeterministic_output |
cluster|shards | 2 | stale | 0 0 0 | slow | nondeterministic_output |
cluster|slaves | 3 | admin stale | 0 0 0 | admin dangerous slow | nondeterministic_output |
cluster|slots | 2 | stale | 0 0 0 | slow | nondeterministic_output |
command | -1 | loading stale | 0 0 0 | connection slow | nondeterministic_output_order |
command|count | 2 | loading stale | 0 0 0 | connection slow | |
command|docs | -2 | loading stale | 0 0 0 | connection slow | nondeterministic_output_order |
command|getkeys | -4 | loading stale | 0 0 0 | connection slow | |
command|getkeysandflags | -4 | loading stale | 0 0 0 | connection slow | |
command|help | 2 | loading stale | 0 0 0 | connection slow | |
command|info | -2 | loading stale | 0 0 0 | connection slow | nondeterministic_output_order |
command|list | -2 | loading stale | 0 0 0 | connection slow | nondeterministic_output_order |
config | -2 | | 0 0 0 | slow | |
config|get | -3 | admin loading noscript stale | 0 0 0 | admin dangerous slow | |
config|help | 2 | loading stale | 0 0 0 | slow | |
config|resetstat | 2 | admin loading noscript stale | 0 0 0 | admin dangerous slow | |
config|rewrite | 2 | admin loading noscript stale | 0 0 0 | admin dangerous slow | |
config|set | -4 | admin loading noscript stale | 0 0 0 | admin dangerous slow | request_policy:all_nodes response_policy:all_succeeded |
copy | -3 | denyoom write | 1 2 1 | keyspace slow write | | RO access 1 0 1, OW update 2 0 1
dbsize | 1 | fast readonly | 0 0 0 | fast keyspace read | request_policy:all_shards response_policy:agg_sum |
debug | -2 | admin loading noscript stale | 0 0 0 | admin dangerous slow | |
decr | 2 | denyoom fast write | 1 1 1 | fast string write | | RW access update 1 0 1
decrby | 3 | denyoom fast write | 1 1 1 | fast string write | | RW access update 1 0 1
del | -2 | write | 1 -1 1 | keyspace slow write | request_policy:multi_shard response_policy:agg_sum | RM delete 1 -1 1
discard | 1 | allow_busy fast loading noscript stale | 0 0 0 | fast transaction | |
dump | 2 | readonly | 1 1 1 | keyspace read slow | nondeterministic_output | RO access 1 0 1
echo | 2 | fast loading stale | 0 0 0 | connection fast | |
exec | 1 | loading noscript skip_slowlog stale | 0 0 0 | slow transaction | |
exists | -2 | fast readonly | 1 -1 1 | fast keyspace read | request_policy:multi_shard response_policy:agg_sum | RO 1 -1 1
expire | -3 | fast write | 1 1 1 | fast keyspace write | | RW update 1 0 1
expireat | -3 | fast write | 1 1 1 | fast keyspace write | | RW update 1 0 1
expiretime | 2 | fast readonly | 1 1 1 | fast keyspace read | | RO access 1 0 1
flushall | -1 | write | 0 0 0 | dangerous keyspace slow write | request_policy:all_shards response_policy:all_succeeded |
flushdb | -1 | write | 0 0 0 | dangerous keyspace slow write | request_policy:all_shards response_policy:all_succeeded |
geoadd | -5 | denyoom write | 1 1 1 | geo slow write | | RW update 1 0 1
geodist | -4 | readonly | 1 1 1 | geo read slow | | RO access 1 0 1
geohash | -2 | readonly | 1 1 1 | geo read slow | | RO access 1 0 1
geopos | -2 | readonly | 1 1 1 | geo read slow | | RO access 1 0 1
georadius | -6 | denyoom movablekeys write | 1 1 1 | geo slow write | | RO access 1 0 1, OW update STORE 0 1, OW update STOREDIST 0 1
georadius_ro | -6 | readonly | 1 1 1 | geo read slow | | RO access 1 0 1
georadiusbymember | -5 | denyoom movablekeys write | 1 1 1 | geo slow write | | RO access 1 0 1, OW update STORE 0 1, OW update STOREDIST 0 1
georadiusbymember_ro | -5 | readonly | 1 1 1 | geo read slow | | RO access 1 0 1
geosearch | -7 | readonly | 1 1 1 | geo read slow | | RO access 1 0 1
geosearchstore | -8 | denyoom write | 1 2 1 | geo slow write | | OW update 1 0 1, RO access 2 0 1
get | 2 | fast readonly | 1 1 1 | fast read string | | RO access 1 0 1
getbit | 3 | fast readonly | 1 1 1 | bitmap fast read | | RO access 1 0 1
getdel | 2 | fast write | 1 1 1 | fast string write | | RW access delete 1 0 1
getex | -2 | fast write | 1 1 1 | fast string write | | RW access update 1 0 1
getrange | 4 | readonly | 1 1 1 | read slow string | | RO access 1 0 1
getset | 3 | denyoom fast write | 1 1 1 | fast string write | | RW access update 1 0 1
hdel | -3 | fast write | 1 1 1 | fast hash write | | RW delete 1 0 1
hello | -1 | allow_busy fast loading no_auth noscript stale | 0 0 0 | connection fast | |
hexists | 3 | fast readonly | 1 1 1 | fast hash read | | RO 1 0 1
hget | 3 | fast readonly | 1 1 1 | fast hash read | | RO access 1 0 1
hgetall | 2 | readonly | 1 1 1 | hash read slow | nondeterministic_output_order | RO access 1 0 1
hincrby | 4 | denyoom fast write | 1 1 1 | fast hash write | | RW access update 1 0 1
hincrbyfloat | 4 | denyoom fast write | 1 1 1 | fast hash write | | RW access update 1 0 1
hkeys | 2 | readonly | 1 1 1 | hash read slow | nondeterministic_output_order | RO access 1 0 1
hlen | 2 | fast readonly | 1 1 1 | fast hash read | | RO 1 0 1
hmget | -3 | fast readonly | 1 1 1 | fast hash read | | RO access 1 0 1
hmset | -4 | denyoom fast write | 1 1 1 | fast hash write | | RW update 1 0 1
hrandfield | -2 | readonly | 1 1 1 | hash read slow | nondeterministic_output | RO access 1 0 1
hscan | -3 | readonly | 1 1 1 | hash read slow | nondeterministic_output | RO access 1 0 1
hset | -4 | denyoom fast write | 1 1 1 | fast hash write | | RW update 1 0 1
hsetnx | 4 | denyoom fast write | 1 1 1 | fast hash write | | RW insert 1 0 1
hstrlen | 3 | fast readonly | 1 1 1 | fast hash read | | RO 1 0 1
hvals | 2 | readonly | 1 1 1 | hash read slow | nondeterministic_output_order | RO access 1 0 1
incr | 2 | denyoom fast write | 1 1 1 | fast string write | | RW access update 1 0 1
incrby | 3 | denyoom fast write | 1 1 1 | fast string write | | RW access update 1 0 1
incrbyfloat | 3 | denyoom fast write | 1 1 1 | fast string write | | RW access update 1 0 1
info | -1 | loading stale | 0 0 0 | dangerous slow | nondeterministic_output request_policy:all_shards response_policy:special |
keys | 2 | readonly | 0 0 0 | dangerous keyspace read slow | nondeterministic_output_order request_policy:all_shards |
lastsave | 1 | fast loading stale | 0 0 0 | admin dangerous fast | nondeterministic_output |
latency | -2 | | 0 0 0 | slow | |
latency|doctor | 2 | admin loading noscript stale | 0 0 0 | admin dangerous slow | nondeterministic_output request_policy:all_nodes response_policy:special |
latency|graph | 3 | admin loading noscript stale | 0 0 0 | admin dangerous slow | nondeterministic_output request_policy:all_nodes response_policy:special |
latency|help | 2 | loading stale | 0 0 0 | slow | |
latency|histogram | -2 | admin loading noscript stale | 0 0 0 | admin dangerous slow | nondeterministic_output request_policy:all_nodes response_policy:special |
latency|history | 3 | admin loading noscript stale | 0 0 0 | admin dangerous slow | nondeterministic_output request_policy:all_nodes response_policy:special |
latency|latest | 2 | admin loading noscript stale | 0 0 0 | admin dangerous slow | nondeterministic_output request_policy:all_nodes response_policy:special |
latency|reset | -2 | admin loading noscript stale | 0 0 0 | admin dangerous slow | request_policy:all_nodes response_policy:all_succeeded |
lcs | -3 | readonly | 1 2 1 | read slow string | | RO access 1 1 1
lindex | 3 | readonly | 1 1 1 | list read slow | | RO access 1 0 1
linsert | 5 | denyoom write | 1 1 1 | list slow write | | RW insert 1 0 1
llen | 2 | fast readonly | 1 1 1 | fast list read | | RO 1 0 1
lmove | 5 | denyoom write | 1 2 1 | list slow write | | RW access delete 1 0 1, RW insert 2 0 1
lmpop | -4 | movablekeys write | 0 0 0 | list slow write | | RW access delete 1 0 1
lolwut | -1 | fast readonly | 0 0 0 | fast read | |
lpop | -2 | fast write | 1 1 1 | fast list write | | RW access delete 1 0 1
lpos | -3 | readonly | 1 1 1 | list read slow | | RO access 1 0 1
lpush | -3 | denyoom fast write | 1 1 1 | fast list write | | RW insert 1 0 1
lpushx | -3 | denyoom fast write | 1 1 1 | fast list write | | RW insert 1 0 1
lrange | 4 | readonly | 1 1 1 | list read slow | | RO access 1 0 1
lrem | 4 | write | 1 1 1 | list slow write | | RW delete 1 0 1
lset | 4 | denyoom write | 1 1 1 | list slow write | | RW update 1 0 1
ltrim | 4 | write | 1 1 1 | list slow write | | RW delete 1 0 1
memory | -2 | | 0 0 0 | slow | |
memory|doctor | 2 | | 0 0 0 | slow | nondeterministic_output request_policy:all_shards response_policy:special |
memory|help | 2 | loading stale | 0 0 0 | slow | |
memory|malloc-stats | 2 | | 0 0 0 | slow | nondeterministic_output request_policy:all_shards response_policy:special |
memory|purge | 2 | | 0 0 0 | slow | request_policy:all_shards response_policy:all_succeeded |
memory|stats | 2 | | 0 0 0 | slow | nondeterministic_output request_policy:all_shards response_policy:special |
memory|usage | -3 | readonly | 2 2 1 | read slow | | RO 2 0 1
mget | -2 | fast readonly | 1 -1 1 | fast read string | request_policy:multi_shard | RO access 1 -1 1
module | -2 | | 0 0 0 | slow | |
module|help | 2 | loading stale | 0 0 0 | slow | |
module|list | 2 | admin noscript | 0 0 0 | admin dangerous slow | nondeterministic_output_order |
module|load | -3 | admin no_async_loading noscript | 0 0 0 | admin dangerous slow | |
module|loadex | -3 | admin no_async_loading noscript | 0 0 0 | admin dangerous slow | |
module|unload | 3 | admin no_async_loading noscript | 0 0 0 | admin dangerous slow | |
monitor | 1 | admin loading noscript stale | 0 0 0 | admin dangerous slow | |
move | 3 | fast write | 1 1 1 | fast keyspace write | | RW access update 1 0 1
mset | -3 | denyoom write | 1 -1 2 | slow string write | request_policy:multi_shard response_policy:all_succeeded | OW update 1 -1 2
msetnx | -3 | denyoom write | 1 -1 2 | slow string write | request_policy:multi_shard response_policy:agg_min | OW insert 1 -1 2
multi | 1 | allow_busy fast loading noscript stale | 0 0 0 | fast transaction | |
object | -2 | | 0 0 0 | slow | |
object|encoding | 3 | readonly | 2 2 1 | keyspace read slow | nondeterministic_output | RO 2 0 1
object|freq | 3 | readonly | 2 2 1 | keyspace read slow | nondeterministic_output | RO 2 0 1
object|help | 2 | loading stale | 0 0 0 | keyspace slow | |
object|idletime | 3 | readonly | 2 2 1 | keyspace read slow | nondeterministic_output | RO 2 0 1
object|refcount | 3 | readonly | 2 2 1 | keyspace read slow | nondeterministic_output | RO 2 0 1
persist | 2 | fast write | 1 1 1 | fast keyspace write | | RW update 1 0 1
pexpire | -3 | fast write | 1 1 1 | fast keyspace write | | RW update 1 0 1
pexpireat | -3 | fast write | 1 1 1 | fast keyspace write | | RW update 1 0 1
pexpiretime | 2 | fast readonly | 1 1 1 | fast keyspace read | | RO access 1 0 1
pfadd | -2 | denyoom fast write | 1 1 1 | fast hyperloglog write | | RW insert 1 0 1
pfcount | -2 | readonly | 1 -1 1 | hyperloglog read slow | | RW access 1 -1 1
pfdebug | 3 | admin denyoom write | 2 2 1 | admin dangerous hyperloglog slow write | | RW access 2 0 1
pfmerge | -2 | denyoom write | 1 -1 1 | hyperloglog slow write | | RW access insert 1 0 1, RO access 2 -1 1
pfselftest | 1 | admin | 0 0 0 | admin dangerous hyperloglog slow | |
ping | -1 | fast | 0 0 0 | connection fast | request_policy:all_shards response_policy:all_succeeded |
psetex | 4 | denyoom write | 1 1 1 | slow string write | | OW update 1 0 1
psubscribe | -2 | loading noscript pubsub stale | 0 0 0 | pubsub slow | |
pttl | 2 | fast readonly | 1 1 1 | fast keyspace read | nondeterministic_output | RO access 1 0 1
publish | 3 | fast loading pubsub stale | 0 0 0 | fast pubsub | |
pubsub | -2 | | 0 0 0 | slow | |
pubsub|channels | -2 | loading pubsub stale | 0 0 0 | pubsub slow | |
pubsub|help | 2 | loading stale | 0 0 0 | slow | |
pubsub|numpat | 2 | loading pubsub stale | 0 0 0 | pubsub slow | |
pubsub|numsub | -2 | loading pubsub stale | 0 0 0 | pubsub slow | |
pubsub|shardchannels | -2 | loading pubsub stale | 0 0 0 | pubsub slow | |
pubsub|shardnumsub | -2 | loading pubsub stale | 0 0 0 | pubsub slow | |
punsubscribe | -1 | loading noscript pubsub stale | 0 0 0 | pubsub slow | |
quit | -1 | allow_busy fast loading no_auth noscript stale | 0 0 0 | connection fast | |
randomkey | 1 | readonly | 0 0 0 | keyspace read slow | nondeterministic_output request_policy:all_shards |
readonly | 1 | fast loading stale | 0 0 0 | connection fast | |
readwrite | 1 | fast loading stale | 0 0 0 | connection fast | |
rename | 3 | write | 1 2 1 | keyspace slow write | | RW access delete 1 0 1, OW update 2 0 1
renamenx | 3 | fast write | 1 2 1 | fast keyspace write | | RW access delete 1 0 1, OW insert 2 0 1
replicaof | 3 | admin no_async_loading noscript stale | 0 0 0 | admin dangerous slow | |
reset | 1 | allow_busy fast loading no_auth noscript stale | 0 0 0 | connection fast | |
restore | -4 | denyoom write | 1 1 1 | dangerous keyspace slow write | | OW update 1 0 1
role | 1 | fast loading noscript stale | 0 0 0 | admin dangerous fast | |
rpop | -2 | fast write | 1 1 1 | fast list write | | RW access delete 1 0 1
rpoplpush | 3 | denyoom write | 1 2 1 | list slow write | | RW access delete 1 0 1, RW insert 2 0 1
rpush | -3 | denyoom fast write | 1 1 1 | fast list write | | RW insert 1 0 1
rpushx | -3 | denyoom fast write | 1 1 1 | fast list write | | RW insert 1 0 1
sadd | -3 | denyoom fast write | 1 1 1 | fast set write | | RW insert 1 0 1
save | 1 | admin no_async_loading no_multi noscript | 0 0 0 | admin dangerous slow | |
scan | -2 | readonly | 0 0 0 | keyspace read slow | nondeterministic_output request_policy:special |
scard | 2 | fast readonly | 1 1 1 | fast read set | | RO 1 0 1
sdiff | -2 | readonly | 1 -1 1 | read set slow | nondeterministic_output_order | RO access 1 -1 1
sdiffstore | -3 | denyoom write | 1 -1 1 | set slow write | | OW update 1 0 1, RO access 2 -1 1
select | 2 | fast loading stale | 0 0 0 | connection fast | |
set | -3 | denyoom write | 1 1 1 | slow string write | | RW access update variable_flags 1 0 1
setbit | 4 | denyoom write | 1 1 1 | bitmap slow write | | RW access update 1 0 1
setex | 4 | denyoom write | 1 1 1 | slow string write | | OW update 1 0 1
setnx | 3 | denyoom fast write | 1 1 1 | fast string write | | OW insert 1 0 1
setrange | 4 | denyoom write | 1 1 1 | slow string write | | RW update 1 0 1
shutdown | -1 | admin allow_busy loading no_multi noscript stale | 0 0 0 | admin dangerous slow | |
sinter | -2 | readonly | 1 -1 1 | read set slow | nondeterministic_output_order | RO access 1 -1 1
sintercard | -3 | movablekeys readonly | 0 0 0 | read set slow | | RO access 1 0 1
sinterstore | -3 | denyoom write | 1 -1 1 | set slow write | | RW update 1 0 1, RO access 2 -1 1
sismember | 3 | fast readonly | 1 1 1 | fast read set | | RO 1 0 1
slaveof | 3 | admin no_async_loading noscript stale | 0 0 0 | admin dangerous slow | |
slowlog | -2 | | 0 0 0 | slow | |
slowlog|get | -2 | admin loading stale | 0 0 0 | admin dangerous slow | nondeterministic_output request_policy:all_nodes |
slowlog|help | 2 | loading stale | 0 0 0 | slow | |
slowlog|len | 2 | admin loading stale | 0 0 0 | admin dangerous slow | nondeterministic_output request_policy:all_nodes response_policy:agg_sum |
slowlog|reset | 2 | admin loading stale | 0 0 0 | admin dangerous slow | request_policy:all_nodes response_policy:all_succeeded |
smembers | 2 | readonly | 1 1 1 | read set slow | nondeterministic_output_order | RO access 1 0 1
smismember | -3 | fast readonly | 1 1 1 | fast read set | | RO access 1 0 1
smove | 4 | fast write | 1 2 1 | fast set write | | RW access delete 1 0 1, RW insert 2 0 1
sort | -2 | denyoom movablekeys write | 1 1 1 | dangerous list set slow sortedset write | | RO access 1 0 1, RO access ? ? ?, OW update ? ? ?
sort_ro | -2 | movablekeys readonly | 1 1 1 | dangerous list read set slow sortedset | | RO access 1 0 1, RO access ? ? ?
spop | -2 | fast write | 1 1 1 | fast set write | nondeterministic_output | RW access delete 1 0 1
spublish | 3 | fast loading pubsub stale | 1 1 1 | fast pubsub | | not_key 1 0 1
srandmember | -2 | readonly | 1 1 1 | read set slow | nondeterministic_output | RO access 1 0 1
srem | -3 | fast write | 1 1 1 | fast set write | | RW delete 1 0 1
sscan | -3 | readonly | 1 1 1 | read set slow | nondeterministic_output | RO access 1 0 1
ssubscribe | -2 | loading noscript pubsub stale | 1 -1 1 | pubsub slow | | not_key 1 -1 1
strlen | 2 | fast readonly | 1 1 1 | fast read string | | RO 1 0 1
subscribe | -2 | loading noscript pubsub stale | 0 0 0 | pubsub slow | |
substr | 4 | readonly | 1 1 1 | read slow string | | RO access 1 0 1
sunion | -2 | readonly | 1 -1 1 | read set slow | nondeterministic_output_order | RO access 1 -1 1
sunionstore | -3 | denyoom write | 1 -1 1 | set slow write | | OW update 1 0 1, RO access 2 -1 1
sunsubscribe | -1 | loading noscript pubsub stale | 1 -1 1 | pubsub slow | | not_key 1 -1 1
swapdb | 3 | fast write | 0 0 0 | dangerous fast keyspace write | |
time | 1 | fast loading stale | 0 0 0 | fast | nondeterministic_output |
touch | -2 | fast readonly | 1 -1 1 | fast keyspace read | request_policy:multi_shard response_policy:agg_sum | RO 1 -1 1
ttl | 2 | fast readonly | 1 1 1 | fast keyspace read | nondeterministic_output | RO access 1 0 1
type | 2 | fast readonly | 1 1 1 | fast keyspace read | | RO 1 0 1
unlink | -2 | fast write | 1 -1 1 | fast keyspace write | request_policy:multi_shard response_policy:agg_sum | RM delete 1 -1 1
unsubscribe | -1 | loading noscript pubsub stale | 0 0 0 | pubsub slow | |
unwatch | 1 | allow_busy fast loading noscript stale | 0 0 0 | fast transaction | |
wait | 3 | noscript | 0 0 0 | connection slow | request_policy:all_shards response_policy:agg_min |
watch | -2 | allow_busy fast loading noscript stale | 1 -1 1 | fast transaction | | RO 1 -1 1
zadd | -4 | denyoom fast write | 1 1 1 | fast sortedset write | | RW update 1 0 1
zcard | 2 | fast readonly | 1 1 1 | fast read sortedset | | RO 1 0 1
zcount | 4 | fast readonly | 1 1 1 | fast read sortedset | | RO access 1 0 1
zdiff | -3 | movablekeys readonly | 0 0 0 | read slow sortedset | | RO access 1 0 1
zdiffstore | -4 | denyoom movablekeys write | 1 1 1 | slow sortedset write | | OW update 1 0 1, RO access 2 0 1
zincrby | 4 | denyoom fast write | 1 1 1 | fast sortedset write | | RW access update 1 0 1
zinter | -3 | movablekeys readonly | 0 0 0 | read slow sortedset | | RO access 1 0 1
zintercard | -3 | movablekeys readonly | 0 0 0 | read slow sortedset | | RO access 1 0 1
zinterstore | -4 | denyoom movablekeys write | 1 1 1 | slow sortedset write | | OW update 1 0 1, RO access 2 0 1
zlexcount | 4 | fast readonly | 1 1 1 | fast read sortedset | | RO access 1 0 1
zmpop | -4 | movablekeys write | 0 0 0 | slow sortedset write | | RW access delete 1 0 1
zmscore | -3 | fast readonly | 1 1 1 | fast read sortedset | | RO access 1 0 1
zpopmax | -2 | fast write | 1 1 1 | fast sortedset write | | RW access delete 1 0 1
zpopmin | -2 | fast write | 1 1 1 | fast sortedset write | | RW access delete 1 0 1
zrandmember | -2 | readonly | 1 1 1 | read slow sortedset | nondeterministic_output | RO access 1 0 1
zrange | -4 | readonly | 1 1 1 | read slow sortedset | | RO access 1 0 1
zrangebylex | -4 | readonly | 1 1 1 | read slow sortedset | | RO access 1 0 1
zrangebyscore | -4 | readonly | 1 1 1 | read slow sortedset | | RO access 1 0 1
zrangestore | -5 | denyoom write | 1 2 1 | slow sortedset write | | OW update 1 0 1, RO access 2 0 1
zrank | 3 | fast readonly | 1 1 1 | fast read sortedset | | RO access 1 0 1
zrem | -3 | fast write | 1 1 1 | fast sortedset write | | RW delete 1 0 1
zremrangebylex | 4 | write | 1 1 1 | slow sortedset write | | RW delete 1 0 1
zremrangebyrank | 4 | write | 1 1 1 | slow sortedset write | | RW delete 1 0 1
zremrangebyscore | 4 | write | 1 1 1 | slow sortedset write | | RW delete 1 0 1
zrevrange | -4 | readonly | 1 1 1 | read slow sortedset | | RO access 1 0 1
zrevrangebylex | -4 | readonly | 1 1 1 | read slow sortedset | | RO access 1 0 1
zrevrangebyscore | -4 | readonly | 1 1 1 | read slow sortedset | | RO access 1 0 1
zrevrank | 3 | fast readonly | 1 1 1 | fast read sortedset | | RO access 1 0 1
zscan | -3 | readonly | 1 1 1 | read slow sortedset | nondeterministic_output | RO access 1 0 1
zscore | 3 | fast readonly | 1 1 1 | fast read sortedset | | RO access 1 0 1
zunion | -3 | movablekeys readonly | 0 0 0 | read slow sortedset | | RO access 1 0 1
zunionstore | -4 | denyoom movablekeys write | 1 1 1 | slow sortedset write | | OW update 1 0 1, RO access 2 0 1
`;
