/**
 * What COMMAND DOCS tells about each command, beside its row: the group it is listed in, the version that
 * brought it, what it does and what it costs.
 *
 * Names are as in COMMAND INFO: lower case, a subcommand as `container|subcommand`. Groups and versions are
 * Redis's, and Valkey's for what only Valkey has; commands of ringkv's own have a version of ringkv.
 */

import { CLUSTER_DEPRECATIONS, CLUSTER_DOCS } from './docs-cluster.js';
import { HASH_DEPRECATIONS, HASH_DOCS } from './docs-hashes.js';
import { SET_DOCS } from './docs-sets.js';
import { LIST_DEPRECATIONS, LIST_DOCS } from './docs-lists.js';
import { GEO_DEPRECATIONS, GEO_DOCS } from './docs-geo.js';
import { SORTED_SET_DEPRECATIONS, SORTED_SET_DOCS } from './docs-sorted-sets.js';

export interface CommandDoc {
  readonly group:
    | 'string'
    | 'bitmap'
    | 'hyperloglog'
    | 'list'
    | 'hash'
    | 'set'
    | 'sorted-set'
    | 'geo'
    | 'generic'
    | 'pubsub'
    | 'connection'
    | 'cluster'
    | 'server'
    | 'scripting'
    | 'transactions';
  /** The version of Redis (or of Valkey for DELIFEQ, of ringkv for CAS and CAD) that had it first. */
  readonly since: string;
  /** A sentence. */
  readonly summary: string;
  /** In the O notation; undefined where it means nothing (MONITOR). */
  readonly complexity: string | undefined;
  /** Why new programs should not use it. */
  readonly deprecated: Deprecation | undefined;
}

/** Since when a command is deprecated, and what to use in its place. */
export interface Deprecation {
  readonly since: string;
  readonly replacedBy: string;
}

/** Name, since, complexity, summary. */
export type DocRow = readonly [string, string, string | undefined, string];

const ONE = 'O(1)';
const KEYS = 'O(N), N being the number of keys given';
const BYTES = 'O(N), N being the number of bytes looked at';
const ELEMENTS = 'O(N), N being the number of elements in the value; O(1) for a string';
const SORTING = 'O(N+M*log(M)), N being the number of elements and M of those returned';
const DATABASE = 'O(N), N being the number of keys in the database';
const USERS = 'O(N), N being the number of users';
const CLIENTS = 'O(N), N being the number of connections';
const COMMANDS = 'O(N), N being the number of commands';
const ENTRIES = 'O(N), N being the number of entries returned';
const SIBLINGS = 'O(N), N being the number of siblings';
const SUBCOMMAND = 'Depends on the subcommand';

const STRINGS: readonly DocRow[] = [
  [
    'append',
    '2.0.0',
    'O(1), amortised over many appends',
    'Appends bytes to a string, which begins empty if there is none.',
  ],
  ['cad', '0.1.0', ONE, 'Deletes a string if it equals the expected one.'],
  ['cas', '0.1.0', ONE, 'Replaces a string if it equals the expected one.'],
  ['decr', '1.0.0', ONE, 'Subtracts one from an integer, which begins at 0.'],
  ['decrby', '1.0.0', ONE, 'Subtracts a whole number from an integer, which begins at 0.'],
  ['delex', '8.4.0', ONE, 'Deletes a key if its string meets a condition.'],
  ['delifeq', '9.0.0', ONE, 'Deletes a key if its string equals the given one.'],
  ['get', '1.0.0', ONE, 'Returns a string.'],
  ['getdel', '6.2.0', ONE, 'Returns a string and deletes its key.'],
  ['getex', '6.2.0', ONE, 'Returns a string and sets or removes the time at which its key expires.'],
  ['getrange', '2.4.0', 'O(N), N being the number of bytes returned', 'Returns a part of a string.'],
  ['getset', '1.0.0', ONE, 'Sets a string and returns the one before.'],
  ['incr', '1.0.0', ONE, 'Adds one to an integer, which begins at 0.'],
  ['incrby', '1.0.0', ONE, 'Adds a whole number to an integer, which begins at 0.'],
  ['incrbyfloat', '2.6.0', ONE, 'Adds a decimal number to a number, which begins at 0.'],
  [
    'lcs',
    '7.0.0',
    'O(N*M), N and M being the lengths of the strings',
    'Finds the longest sequence of bytes common to two strings.',
  ],
  ['mget', '1.0.0', KEYS, 'Returns the strings of several keys.'],
  ['mset', '1.0.1', KEYS, 'Sets several strings at once.'],
  ['msetnx', '1.0.1', KEYS, 'Sets several strings at once if none of their keys exists.'],
  ['psetex', '2.6.0', ONE, 'Sets a string that expires after a number of milliseconds.'],
  ['set', '1.0.0', ONE, 'Sets a string, on conditions and with an expiry if wanted; replaces a value of any type.'],
  ['setex', '2.0.0', ONE, 'Sets a string that expires after a number of seconds.'],
  ['setnx', '1.0.0', ONE, 'Sets a string if its key does not exist.'],
  [
    'setrange',
    '2.2.0',
    'O(N), N being the number of bytes written',
    'Overwrites a part of a string, filling a gap before it with zeros.',
  ],
  ['strlen', '2.2.0', ONE, 'Returns how many bytes a string has.'],
  [
    'substr',
    '1.0.0',
    'O(N), N being the number of bytes returned',
    'Returns a part of a string, under the name of old.',
  ],
  ['vdel', '0.1.0', SIBLINGS, 'Deletes the siblings of a string that a context has seen.'],
  ['vget', '0.1.0', SIBLINGS, 'Returns all siblings of a string, with a context for writing.'],
  ['vset', '0.1.0', SIBLINGS, 'Sets a string in place of the siblings that a context has seen.'],
];

const BITMAPS: readonly DocRow[] = [
  ['bitcount', '2.6.0', BYTES, 'Counts the bits that are set in a string or a part of it.'],
  [
    'bitfield',
    '3.2.0',
    'O(1) for each operation',
    'Reads, sets and adds to integers of any width at any bit of a string.',
  ],
  ['bitfield_ro', '6.0.0', 'O(1) for each operation', 'Reads integers of any width at any bit of a string.'],
  [
    'bitop',
    '2.6.0',
    'O(N), N being the total length of the strings',
    'Combines strings bit by bit and stores the result.',
  ],
  ['bitpos', '2.8.7', BYTES, 'Finds the first bit that is set, or clear, in a string or a part of it.'],
  ['getbit', '2.2.0', ONE, 'Returns one bit of a string.'],
  ['setbit', '2.2.0', ONE, 'Sets or clears one bit of a string and returns what it was.'],
];

const HYPERLOGLOGS: readonly DocRow[] = [
  ['pfadd', '2.8.9', 'O(1) for each element', 'Adds elements to a HyperLogLog, which begins empty.'],
  [
    'pfcount',
    '2.8.9',
    'O(1) for one key, O(N) for N keys',
    'Estimates how many different elements HyperLogLogs have seen.',
  ],
  ['pfdebug', '2.8.9', 'O(N), N being the number of registers', 'Shows how a HyperLogLog is kept.'],
  ['pfmerge', '2.8.9', 'O(N), N being the number of keys', 'Merges HyperLogLogs into one.'],
  ['pfselftest', '2.8.9', undefined, 'Tests whether HyperLogLogs count as they should.'],
];

const GENERICS: readonly DocRow[] = [
  ['copy', '6.2.0', ELEMENTS, 'Copies a value to another key.'],
  ['del', '1.0.0', 'O(N), N being the number of keys and of the elements in their values', 'Deletes keys.'],
  ['dump', '2.6.0', 'O(N), N being the size of the value', 'Returns a value in the form that RESTORE takes.'],
  ['exists', '1.0.0', KEYS, 'Counts how many of the keys exist.'],
  ['expire', '1.0.0', ONE, 'Lets a key expire after a number of seconds.'],
  ['expireat', '1.2.0', ONE, 'Lets a key expire at a Unix time in seconds.'],
  ['expiretime', '7.0.0', ONE, 'Returns the Unix time in seconds at which a key expires.'],
  ['keys', '1.0.0', DATABASE, 'Returns all keys that match a pattern.'],
  ['move', '1.0.0', ELEMENTS, 'Moves a key to another database.'],
  ['object', '2.2.3', SUBCOMMAND, 'Holds the commands that look into how a value is kept.'],
  ['object|encoding', '2.2.3', ONE, 'Returns the name of the form in which a value is kept.'],
  ['object|freq', '4.0.0', ONE, 'Returns the logarithmic counter of how often a key was used.'],
  ['object|help', '6.2.0', ONE, 'Lists the subcommands of OBJECT.'],
  ['object|idletime', '2.2.3', ONE, 'Returns the seconds since a key was used.'],
  ['object|refcount', '2.2.3', ONE, 'Returns how many references a value has.'],
  ['persist', '2.2.0', ONE, 'Lets a key live for good.'],
  ['pexpire', '2.6.0', ONE, 'Lets a key expire after a number of milliseconds.'],
  ['pexpireat', '2.6.0', ONE, 'Lets a key expire at a Unix time in milliseconds.'],
  ['pexpiretime', '7.0.0', ONE, 'Returns the Unix time in milliseconds at which a key expires.'],
  ['pttl', '2.6.0', ONE, 'Returns the milliseconds that a key has left.'],
  ['randomkey', '1.0.0', ONE, 'Returns any key of the database.'],
  ['rename', '1.0.0', ELEMENTS, 'Gives a value another key, whatever was there before.'],
  ['renamenx', '1.0.0', ELEMENTS, 'Gives a value another key if that does not exist.'],
  ['restore', '2.6.0', 'O(N), N being the size of the value', 'Creates a key from what DUMP returned.'],
  [
    'scan',
    '2.8.0',
    'O(1) a call, O(N) to see all N keys',
    'Returns some keys of the database and the cursor to go on from.',
  ],
  ['sort', '1.0.0', SORTING, 'Sorts a list, a set or a sorted set, and returns or stores the result.'],
  ['sort_ro', '7.0.0', SORTING, 'Sorts a list, a set or a sorted set, and returns the result.'],
  ['touch', '3.2.1', KEYS, 'Counts how many of the keys exist, and marks them as used.'],
  ['ttl', '1.0.0', ONE, 'Returns the seconds that a key has left.'],
  ['type', '1.0.0', ONE, 'Returns the type of a value.'],
  ['unlink', '4.0.0', KEYS, 'Deletes keys and frees their memory later.'],
  ['wait', '3.0.0', ONE, 'Waits until enough replicas have the writes of this connection.'],
  ['waitaof', '7.2.0', ONE, 'Waits until the writes of this connection are on disk, here and on enough replicas.'],
];

const SUBSCRIBERS = 'O(N), N being the number of connections that get the message';
const GIVEN = 'O(N), N being the number of names given';

const PUBSUBS: readonly DocRow[] = [
  ['psubscribe', '2.0.0', GIVEN, 'Listens to the channels that match patterns.'],
  ['publish', '2.0.0', 'O(N+M), N connections that get it and M patterns', 'Sends a message to a channel.'],
  ['pubsub', '2.8.0', SUBCOMMAND, 'Groups what tells of channels and of who listens.'],
  ['pubsub|channels', '2.8.0', 'O(N), N being the number of channels', 'Lists the channels that have listeners.'],
  ['pubsub|help', '6.2.0', ONE, 'Describes the subcommands of PUBSUB.'],
  ['pubsub|numpat', '2.8.0', ONE, 'Counts the patterns that have listeners.'],
  ['pubsub|numsub', '2.8.0', GIVEN, 'Counts the listeners of channels.'],
  [
    'pubsub|shardchannels',
    '7.0.0',
    'O(N), N being the number of channels',
    'Lists the shard channels that have listeners.',
  ],
  ['pubsub|shardnumsub', '7.0.0', GIVEN, 'Counts the listeners of shard channels.'],
  ['punsubscribe', '2.0.0', GIVEN, 'Stops listening to channels that match patterns.'],
  ['spublish', '7.0.0', SUBSCRIBERS, 'Sends a message to a shard channel.'],
  ['ssubscribe', '7.0.0', GIVEN, 'Listens to shard channels.'],
  ['subscribe', '2.0.0', GIVEN, 'Listens to channels.'],
  ['sunsubscribe', '7.0.0', GIVEN, 'Stops listening to shard channels.'],
  ['unsubscribe', '2.0.0', GIVEN, 'Stops listening to channels.'],
];

const CONNECTIONS: readonly DocRow[] = [
  ['auth', '1.0.0', 'O(N), N being the number of passwords of the user', 'Logs the connection in.'],
  ['client', '2.4.0', SUBCOMMAND, 'Holds the commands about connections.'],
  ['client|caching', '6.0.0', ONE, 'Tells whether the keys of the next command are to be tracked.'],
  ['client|getname', '2.6.9', ONE, 'Returns the name of this connection.'],
  ['client|getredir', '6.0.0', ONE, 'Returns the connection to which invalidation messages go.'],
  ['client|help', '5.0.0', ONE, 'Lists the subcommands of CLIENT.'],
  ['client|id', '5.0.0', ONE, 'Returns the number of this connection.'],
  ['client|info', '6.2.0', ONE, 'Describes this connection.'],
  ['client|kill', '2.4.0', CLIENTS, 'Closes connections.'],
  ['client|list', '2.4.0', CLIENTS, 'Describes the open connections.'],
  ['client|no-evict', '7.0.0', ONE, 'Spares this connection when memory for clients runs out, or no longer.'],
  [
    'client|no-touch',
    '7.2.0',
    ONE,
    'Lets the commands of this connection leave no trace of use on keys, or no longer.',
  ],
  ['client|pause', '2.9.50', ONE, 'Holds the commands of all connections back for a time.'],
  ['client|reply', '3.2.0', ONE, 'Turns the replies to this connection off and on.'],
  ['client|setinfo', '7.2.0', ONE, 'Notes the name or the version of the library behind this connection.'],
  ['client|setname', '2.6.9', ONE, 'Names this connection.'],
  ['client|tracking', '6.0.0', ONE, 'Turns messages about keys that a client has cached off and on.'],
  ['client|trackinginfo', '6.2.0', ONE, 'Describes how the keys of this connection are tracked.'],
  ['client|unblock', '5.0.0', ONE, 'Ends the wait of a connection that is blocked.'],
  ['client|unpause', '6.2.0', 'O(N), N being the number of connections held back', 'Ends a pause of all connections.'],
  ['echo', '1.0.0', ONE, 'Returns its argument.'],
  ['hello', '6.0.0', ONE, 'Chooses the protocol version, and logs in and names the connection if wanted.'],
  ['ping', '1.0.0', ONE, 'Answers PONG, or its argument.'],
  ['quit', '1.0.0', ONE, 'Closes the connection after the replies before it.'],
  ['reset', '6.2.0', ONE, 'Makes the connection as if it were new.'],
  ['select', '1.0.0', ONE, 'Changes the database of this connection.'],
];

const SERVERS: readonly DocRow[] = [
  ['acl', '6.0.0', SUBCOMMAND, 'Holds the commands about users and what they may do.'],
  [
    'acl|cat',
    '6.0.0',
    'O(1), the commands being a fixed set',
    'Lists the categories of commands, or the commands of one.',
  ],
  ['acl|deluser', '6.0.0', 'O(N), N being the number of users given', 'Deletes users and closes their connections.'],
  ['acl|dryrun', '7.0.0', ONE, 'Tells whether a user may run a command, without running it.'],
  ['acl|genpass', '6.0.0', ONE, 'Makes a random password.'],
  ['acl|getuser', '6.0.0', 'O(N), N being the number of rules of the user', 'Returns the rules of a user.'],
  ['acl|help', '6.0.0', ONE, 'Lists the subcommands of ACL.'],
  ['acl|list', '6.0.0', USERS, 'Returns the users as lines of an ACL file.'],
  ['acl|load', '6.0.0', USERS, 'Reads the users again from the ACL file.'],
  ['acl|log', '6.0.0', ENTRIES, 'Returns, or forgets, what was refused lately.'],
  ['acl|save', '6.0.0', USERS, 'Writes the users to the ACL file.'],
  ['acl|setuser', '6.0.0', 'O(N), N being the number of rules given', 'Creates a user or changes its rules.'],
  ['acl|users', '6.0.0', USERS, 'Returns the names of the users.'],
  ['acl|whoami', '6.0.0', ONE, 'Returns the user of this connection.'],
  [
    'backup',
    '0.1.0',
    'O(N), N being the number of tables, or of bytes where files cannot have two names',
    'Makes a copy of all data in a new directory.',
  ],
  ['bgrewriteaof', '1.0.0', ONE, 'Begins to move the append-only file to tables.'],
  ['bgsave', '1.0.0', ONE, 'Begins to save the data to disk.'],
  ['command', '2.8.13', COMMANDS, 'Describes all commands.'],
  ['command|count', '2.8.13', ONE, 'Returns how many commands there are.'],
  ['command|docs', '7.0.0', COMMANDS, 'Documents commands for people.'],
  ['command|getkeys', '2.8.13', 'O(N), N being the number of arguments', 'Finds the keys in a command.'],
  [
    'command|getkeysandflags',
    '7.0.0',
    'O(N), N being the number of arguments',
    'Finds the keys in a command and how it uses them.',
  ],
  ['command|help', '5.0.0', ONE, 'Lists the subcommands of COMMAND.'],
  ['command|info', '2.8.13', COMMANDS, 'Describes commands for programs.'],
  ['command|list', '7.0.0', COMMANDS, 'Returns the names of the commands.'],
  ['compact', '0.1.0', 'O(N), N being the number of keys on disk', 'Merges all tables until nothing in them is dead.'],
  ['config', '2.0.0', SUBCOMMAND, 'Holds the commands about the configuration.'],
  ['config|get', '2.0.0', 'O(N), N being the number of options', 'Returns the options that match patterns.'],
  ['config|help', '5.0.0', ONE, 'Lists the subcommands of CONFIG.'],
  ['config|resetstat', '2.0.0', ONE, 'Sets the counters of INFO back.'],
  ['config|rewrite', '2.8.0', ONE, 'Writes the options in force to the configuration file.'],
  ['config|set', '2.0.0', 'O(N), N being the number of options given', 'Changes options, all of them or none.'],
  ['dbsize', '1.0.0', ONE, 'Returns how many keys the database has.'],
  ['debug', '1.0.0', SUBCOMMAND, 'Holds what helps to test and debug the server.'],
  ['flushall', '1.0.0', 'O(1); memory is given back later', 'Deletes all keys of all databases.'],
  ['flushdb', '1.0.0', 'O(1); memory is given back later', 'Deletes all keys of the database.'],
  ['info', '1.0.0', ONE, 'Returns counters and facts about the server.'],
  ['lastsave', '1.0.0', ONE, 'Returns the Unix time of the last save.'],
  ['latency', '2.8.13', SUBCOMMAND, 'Holds the commands about slow events.'],
  ['latency|doctor', '2.8.13', ONE, 'Explains the slow events that were seen.'],
  ['latency|graph', '2.8.13', ONE, 'Draws the course of an event.'],
  ['latency|help', '2.8.13', ONE, 'Lists the subcommands of LATENCY.'],
  ['latency|histogram', '7.0.0', COMMANDS, 'Returns how the running times of commands are distributed.'],
  ['latency|history', '2.8.13', ONE, 'Returns the samples of an event with their times.'],
  ['latency|latest', '2.8.13', ONE, 'Returns the last sample of each event.'],
  ['latency|reset', '2.8.13', ONE, 'Forgets the samples of events.'],
  ['lolwut', '5.0.0', undefined, 'Shows a piece of computer art and the version.'],
  ['memory', '4.0.0', SUBCOMMAND, 'Holds the commands about memory.'],
  ['memory|doctor', '4.0.0', ONE, 'Explains what is wrong with the use of memory.'],
  ['memory|help', '4.0.0', ONE, 'Lists the subcommands of MEMORY.'],
  ['memory|malloc-stats', '4.0.0', 'Depends on how much memory is allocated', 'Reports on the memory allocator.'],
  [
    'memory|purge',
    '4.0.0',
    'Depends on how much memory is allocated',
    'Gives memory that is not used back to the system.',
  ],
  ['memory|stats', '4.0.0', ONE, 'Returns what memory is used for.'],
  [
    'memory|usage',
    '4.0.0',
    'O(N), N being the number of elements sampled',
    'Returns how many bytes a key and its value take.',
  ],
  ['module', '4.0.0', SUBCOMMAND, 'Holds the commands about modules.'],
  ['module|help', '5.0.0', ONE, 'Lists the subcommands of MODULE.'],
  ['module|list', '4.0.0', 'O(N), N being the number of modules', 'Returns the modules that are loaded.'],
  ['module|load', '4.0.0', ONE, 'Loads a module.'],
  ['module|loadex', '7.0.0', ONE, 'Loads a module and sets options of it.'],
  ['module|unload', '4.0.0', ONE, 'Unloads a module.'],
  ['monitor', '1.0.0', undefined, 'Shows every command that the server runs, as it runs.'],
  ['replicaof', '5.0.0', ONE, 'Makes the server a replica of another one, or independent.'],
  ['role', '2.8.12', ONE, 'Returns the part that the server plays in replication.'],
  [
    'save',
    '1.0.0',
    'O(N), N being the number of keys changed since the last time',
    'Saves the data to disk before it answers.',
  ],
  ['shutdown', '1.0.0', 'O(N) if it has to save N keys, else O(1)', 'Ends the server.'],
  ['slowlog', '2.2.12', SUBCOMMAND, 'Holds the commands about the log of slow commands.'],
  ['slowlog|get', '2.2.12', ENTRIES, 'Returns the last commands that were slow.'],
  ['slowlog|help', '6.2.0', ONE, 'Lists the subcommands of SLOWLOG.'],
  ['slowlog|len', '2.2.12', ONE, 'Returns how many entries the slow log has.'],
  ['slowlog|reset', '2.2.12', 'O(N), N being the number of entries', 'Empties the slow log.'],
  [
    'swapdb',
    '4.0.0',
    'O(N), N being the connections that watch or wait for keys of the two',
    'Exchanges two databases.',
  ],
  ['time', '2.6.0', ONE, 'Returns the time of the server.'],
];

const TRANSACTIONS: readonly DocRow[] = [
  ['discard', '2.0.0', 'O(N), N being the number of commands queued', 'Forgets a transaction.'],
  ['exec', '1.2.0', 'Depends on the commands queued', 'Runs the commands of a transaction.'],
  ['multi', '1.2.0', ONE, 'Begins a transaction.'],
  ['unwatch', '2.2.0', ONE, 'Forgets the keys that are watched.'],
  ['watch', '2.2.0', KEYS, 'Watches keys, so that a transaction runs only if none of them has changed.'],
];

const OF_THE_SCRIPT = 'Depends on the script';

const SCRIPTING: readonly DocRow[] = [
  ['eval', '2.6.0', OF_THE_SCRIPT, 'Runs a script in Lua.'],
  ['eval_ro', '7.0.0', OF_THE_SCRIPT, 'Runs a script in Lua that must not write.'],
  ['evalsha', '2.6.0', OF_THE_SCRIPT, 'Runs a script that is known by the SHA1 of its text.'],
  ['evalsha_ro', '7.0.0', OF_THE_SCRIPT, 'Runs a script that must not write, by the SHA1 of its text.'],
  ['script', '2.6.0', undefined, 'A container for commands about scripts.'],
  ['script|debug', '3.2.0', ONE, 'Sets how scripts are debugged.'],
  ['script|exists', '2.6.0', 'O(N), N being the number of scripts asked for', 'Tells which scripts are known.'],
  ['script|flush', '2.6.0', 'O(N), N being the number of scripts known', 'Forgets all scripts.'],
  ['script|help', '5.0.0', ONE, 'Lists the subcommands of SCRIPT.'],
  ['script|kill', '2.6.0', ONE, 'Ends the script that runs, if it has not written.'],
  ['script|load', '2.6.0', 'O(N), N being the length of the script', 'Makes a script known without running it.'],
];

const DEPRECATIONS: ReadonlyMap<string, Deprecation> = new Map([
  ['getset', { since: '6.2.0', replacedBy: '`SET` with the `!GET` argument' }],
  ['substr', { since: '2.0.0', replacedBy: '`GETRANGE`' }],
  ...HASH_DEPRECATIONS,
  ...LIST_DEPRECATIONS,
  ...SORTED_SET_DEPRECATIONS,
  ...GEO_DEPRECATIONS,
  ...CLUSTER_DEPRECATIONS,
]);

/** The documents by full name. */
export const commandDocs: ReadonlyMap<string, CommandDoc> = new Map([
  ...STRINGS.map((row) => documented('string', row)),
  ...BITMAPS.map((row) => documented('bitmap', row)),
  ...HYPERLOGLOGS.map((row) => documented('hyperloglog', row)),
  ...HASH_DOCS.map((row) => documented('hash', row)),
  ...SET_DOCS.map((row) => documented('set', row)),
  ...LIST_DOCS.map((row) => documented('list', row)),
  ...SORTED_SET_DOCS.map((row) => documented('sorted-set', row)),
  ...GEO_DOCS.map((row) => documented('geo', row)),
  ...GENERICS.map((row) => documented('generic', row)),
  ...PUBSUBS.map((row) => documented('pubsub', row)),
  ...CONNECTIONS.map((row) => documented('connection', row)),
  ...CLUSTER_DOCS.map((row) => documented('cluster', row)),
  ...SERVERS.map((row) => documented('server', row)),
  ...SCRIPTING.map((row) => documented('scripting', row)),
  ...TRANSACTIONS.map((row) => documented('transactions', row)),
]);

function documented(group: CommandDoc['group'], [name, since, complexity, summary]: DocRow): [string, CommandDoc] {
  return [name, { group, since, summary, complexity, deprecated: DEPRECATIONS.get(name) }];
}
