import type { DocRow } from './docs.js';

const ONE = 'O(1)';
const MEMBERS = 'O(N), N being the number of members';
const RANGES = 'O(N), N being the number of ranges of slots';
const KEYS_IN_SLOT = 'O(N), N being the number of keys in the slot';
const SUBCOMMAND = 'Depends on the subcommand';

/** Documents of the commands about rings of nodes. */
export const CLUSTER_DOCS: readonly DocRow[] = [
  ['asking', '3.0.0', ONE, 'Has the next command run here while its slot moves; here it may anyway.'],
  ['cluster', '3.0.0', SUBCOMMAND, "Holds Redis Cluster's commands about the ring."],
  ['cluster|count-failure-reports', '3.0.0', MEMBERS, 'Returns 1 if a node is said not to answer.'],
  ['cluster|countkeysinslot', '3.0.0', KEYS_IN_SLOT, 'Returns how many keys of a slot this node has.'],
  ['cluster|forget', '3.0.0', ONE, 'Gives the slots of a dead member to others, and takes it out of the ring.'],
  ['cluster|getkeysinslot', '3.0.0', KEYS_IN_SLOT, 'Returns keys of a slot that this node has.'],
  ['cluster|help', '5.0.0', ONE, 'Lists the subcommands of CLUSTER.'],
  ['cluster|info', '3.0.0', MEMBERS, 'Returns the state of the ring as this node sees it.'],
  ['cluster|keyslot', '3.0.0', 'O(N), N being the number of bytes of the key', 'Returns the slot of a key.'],
  ['cluster|links', '7.0.0', MEMBERS, 'Returns the streams to other members.'],
  ['cluster|meet', '3.0.0', MEMBERS, 'Confirms a member, and refuses others: nodes join by their seeds.'],
  ['cluster|myid', '3.0.0', ONE, 'Returns the id of the node.'],
  ['cluster|nodes', '3.0.0', RANGES, 'Returns the members and their slots as a text.'],
  ['cluster|replicas', '5.0.0', MEMBERS, 'Returns no replicas: each member is a master.'],
  ['cluster|shards', '7.0.0', RANGES, 'Returns the members and their slots.'],
  ['cluster|slaves', '3.0.0', MEMBERS, 'Returns no replicas, under the name of old.'],
  ['cluster|slots', '3.0.0', RANGES, 'Returns the ranges of slots and whom to ask for each.'],
  ['consistency', '0.1.0', ONE, 'Returns or sets how many replicas the commands of this connection ask for.'],
  ['readonly', '3.0.0', ONE, 'Lets a connection read from replicas; here it may anyway.'],
  ['readwrite', '3.0.0', ONE, 'Ends what READONLY began.'],
  ['ring', '0.1.0', SUBCOMMAND, 'Holds the commands about the ring of nodes.'],
  ['ring|abort', '0.1.0', MEMBERS, 'Ends a change of the ring that is under way.'],
  ['ring|explain', '0.1.0', MEMBERS, 'Returns what the replicas of a key know of it, and where requests for it run.'],
  ['ring|help', '0.1.0', ONE, 'Lists the subcommands of RING.'],
  ['ring|leave', '0.1.0', RANGES, 'Gives the slots of this node to others, and takes it out of the ring.'],
  ['ring|members', '0.1.0', RANGES, 'Returns where the members are, how they are, and what they hold.'],
  ['ring|owners', '0.1.0', MEMBERS, 'Returns the replicas of a key in the order in which they act for it.'],
  [
    'ring|remove',
    '0.1.0',
    RANGES,
    'Gives the slots of a dead member to others, and takes it out; with FORCE, of a live one.',
  ],
  [
    'ring|repair',
    '0.1.0',
    'O(N) with N being the number of keys, in the background',
    'Compares all that this node holds with the other replicas, and brings to both what differs.',
  ],
  ['ring|replace', '0.1.0', MEMBERS, 'Has the next node that joins take the place of a member.'],
  ['ring|status', '0.1.0', RANGES, 'Returns the state of the ring with what this node has done in it.'],
  ['with', '0.1.0', 'Depends on the command', 'Runs a command at a consistency level of its own.'],
];

export const CLUSTER_DEPRECATIONS = [
  ['cluster|slaves', { since: '5.0.0', replacedBy: '`CLUSTER REPLICAS`' }],
  ['cluster|slots', { since: '7.0.0', replacedBy: '`CLUSTER SHARDS`' }],
] as const;
