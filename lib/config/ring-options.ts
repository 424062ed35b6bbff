/** Options of a ring of nodes, and of TLS. Names are Redis's where there are any. */

import { conflictRules, keyPatterns } from './key-patterns-option.js';
import { boolean, count, integer, longCount, memory, oneOf, text, ULONG_MAX } from './option.js';
import { path } from './option.js';
import type { Option } from './option-row.js';
import { FIXED, SETTLED, real } from './option-row.js';

/** The bus listens so far above the port for clients, as Redis Cluster's does. */
export const BUS_PORT_DISTANCE = 10_000;
const PORT_MAX = 65_535;

const LEVELS = ['one', 'quorum', 'all'] as const;

/** `host:port` or `host:port@bus-port` words, parted by commas; empty: none. */
function seeds(): ReturnType<typeof text> {
  return text('host:port or host:port@bus-port, and more of them behind commas', (list) => {
    const wrong = list.split(',').find((seed) => list !== '' && !isSeed(seed));
    return wrong === undefined ? undefined : `'${wrong}' is not host:port or host:port@bus-port`;
  });
}

function isSeed(seed: string): boolean {
  const parts = /^(?:\[[0-9A-Fa-f:.]+\]|[^:,\s]+):(\d{1,5})(?:@(\d{1,5}))?$/.exec(seed);
  if (parts === null) return false;
  const port = Number(parts[1]);
  const busPort = (parts[2] as string | undefined) === undefined ? port + BUS_PORT_DISTANCE : Number(parts[2]);
  return port > 0 && port <= PORT_MAX && busPort > 0 && busPort <= PORT_MAX;
}

// prettier-ignore
export const RING_OPTIONS: readonly Option[] = [
  real('cluster-enabled', 'clusterEnabled', boolean(), 'no', 'whether this node is part of a ring',
    { ...SETTLED, aliases: ['cluster'] }),
  real('cluster-seeds', 'clusterSeeds', seeds(), '',
    'client addresses of the nodes that found the ring, host:port[@bus-port], the same at each of them; not in Redis', { ...SETTLED, aliases: ['seeds'] }),
  real('cluster-secret', 'clusterSecret', text(), '', 'what all nodes of the ring know, and nobody else; not in Redis',
    { ...SETTLED, secret: true }),
  real('cluster-port', 'clusterPort', integer(0, 65535), '0', 'port of the bus; 0: 10000 above the port for clients', FIXED),
  real('cluster-announce-ip', 'clusterAnnounceIp', text(), '', 'address at which others reach this node', SETTLED),
  real('cluster-announce-port', 'clusterAnnouncePort', integer(0, 65535), '0', 'port at which clients reach it', SETTLED),
  real('cluster-announce-tls-port', 'clusterAnnounceTlsPort', integer(0, 65535), '0', 'the same for TLS', SETTLED),
  real('cluster-announce-bus-port', 'clusterAnnounceBusPort', integer(0, 65535), '0', 'port at which other nodes reach it', SETTLED),
  real('cluster-zone', 'clusterZone', text(), '', 'what fails together; replicas lie in distinct zones; not in Redis',
    { ...SETTLED, aliases: ['zone'] }),
  real('cluster-replicas', 'clusterReplicas', integer(1, 16), '3',
    'how many nodes have each key; the ring keeps what it was founded with; not in Redis', SETTLED),
  real('cluster-tokens', 'clusterTokens', integer(1, 256), '64', 'virtual nodes; not in Redis', SETTLED),
  real('cluster-replaces', 'clusterReplaces', text('the id of a member', (id) => (id === '' || /^[0-9a-f]{40}$/.test(id) ? undefined : 'it is no id of a member')), '',
    'id of a member, dead for good, whose place a new node takes; not in Redis', { ...SETTLED, aliases: ['replaces'] }),
  real('transfer-rate', 'transferRateBytes', memory(0, ULONG_MAX), '32mb',
    'bytes a second that a node gives to nodes that take over slots; 0: no limit; not in Redis'),
  real('join-timeout', 'joinTimeoutSeconds', count(1), '300',
    'seconds that a node which a change of the ring waits for may be away before that is given up; not in Redis'),
  real('cluster-node-timeout', 'clusterNodeTimeoutMs', longCount(100), '15000',
    'milliseconds after which a node that says nothing is taken for dead, at most'),
  real('cluster-redirects', 'clusterRedirects', boolean(), 'no',
    'whether clients are sent to another node (-MOVED) instead of being served; not in Redis'),
  real('read-consistency', 'readConsistency', oneOf(...LEVELS), 'quorum', 'how many replicas a read asks; not in Redis'),
  real('write-consistency', 'writeConsistency', oneOf('any', ...LEVELS), 'quorum',
    'how many replicas must have a write before it is answered; not in Redis'),
  real('write-timeout', 'writeTimeoutMs', longCount(1), '2000',
    'milliseconds that a request waits for replicas, or for room on the disk; not in Redis'),
  real('decided-scripts', 'decidedScripts', oneOf('yes', 'untagged', 'no'), 'untagged',
    'whether consensus decides about scripts with one key, if that has no {tag}, or in any case; not in Redis'),
  real('sloppy-quorum', 'sloppyQuorum', boolean(), 'no', 'whether hints count as replicas; not in Redis'),
  real('hint-size-max', 'hintSizeMaxBytes', memory(0, ULONG_MAX), '1gb',
    'what is kept for nodes that are away; not in Redis'),
  real('hint-window', 'hintWindowSeconds', count(1), '10800',
    'seconds for which it is kept; not in Redis'),
  real('away-max', 'awayMaxSeconds', count(0), '86400',
    'seconds after which the others go on without a node that is away, and it is rebuilt when it is back; 0: never; not in Redis'),
  real('repair-interval', 'repairIntervalSeconds', count(0), '3600',
    'seconds from one comparison of what replicas hold to the next; 0: only by RING REPAIR; not in Redis'),
  real('repair-rate', 'repairRateBytes', memory(0, ULONG_MAX), '16mb',
    'bytes a second that repair may send; 0: no limit; not in Redis'),
  real('repair-deletes', 'repairDeletes', boolean(), 'yes',
    'whether marks of deleted keys go when all replicas have them; not in Redis'),
  real('max-clock-drift', 'maxClockDriftMs', count(1), '500',
    'milliseconds by which clocks of nodes may differ; not in Redis'),
  real('conflicts', 'conflicts', conflictRules(), '',
    'what becomes of strings that were set on two sides of a cut: siblings or lww, by patterns of keys; not in Redis'),
  real('siblings-max', 'siblingsMax', count(1), '32', 'siblings that a key may have; not in Redis'),
  real('counters', 'counters', keyPatterns(), '', 'patterns of keys at which each node counts on its own; not in Redis'),

  real('tls-port', 'tlsPort', integer(0, 65535), '0', 'port for TLS; 0: none', FIXED),
  real('tls-cluster', 'tlsCluster', boolean(), 'no', 'whether nodes talk to each other by TLS', SETTLED),
  real('tls-cert-file', 'tlsCertFile', path(), '', 'certificate of this node', { isVolatile: true }),
  real('tls-key-file', 'tlsKeyFile', path(), '', 'its key', { isVolatile: true }),
  real('tls-key-file-pass', 'tlsKeyFilePass', text(), '', 'what that is encrypted with', { isVolatile: true, secret: true }),
  real('tls-ca-cert-file', 'tlsCaCertFile', path(), '', 'whose certificates are believed', { isVolatile: true }),
  real('tls-auth-clients', 'tlsAuthClients', oneOf('no', 'yes', 'optional'), 'yes', 'whether clients need a certificate', SETTLED),
];
