/**
 * This node as a member of a ring: the bus, gossip and topology put together. It is there before the data is: only a member knows which origin its pairs
 * have, and by which key positions are hashed.
 *
 *     topology (which ring) ──▶ bus (streams to its members) ──▶ messages about data
 *     gossip (who is there) ──▶ addresses, liveness, news of newer rings
 */

import { createHash } from 'node:crypto';

import { ConfigError } from '../../base/errors.js';
import { Bus } from '../../cluster/bus/bus.js';
import type { Identity } from '../../cluster/bus/handshake.js';
import type { BusAddress } from '../../cluster/bus/ports.js';
import { BusExchange } from '../../cluster/gossip/bus-exchange.js';
import { Gossip, firstIncarnation } from '../../cluster/gossip/gossip.js';
import { LAN_PARAMETERS } from '../../cluster/gossip/parameters.js';
import type { Address, MemberId } from '../../cluster/ring/member.js';
import type { RingDocument } from '../../cluster/ring/ring-document.js';
import type { RingVersion } from '../../cluster/ring/ring-version.js';
import { ringVersionText } from '../../cluster/ring/ring-version.js';
import { Ring } from '../../cluster/ring/ring.js';
import { BusMessenger } from '../../cluster/topology/bus-messenger.js';
import { RingStore } from '../../cluster/topology/ring-store.js';
import { digestOfSeeds } from '../../cluster/topology/seeds.js';
import { Topology } from '../../cluster/topology/topology.js';
import type { Config } from '../../config/config.js';
import type { Clock, Disk, ListenAddress, Network, Random, Timers, TlsSettings } from '../../host/ports.js';
import { isLoopback, listenHosts } from '../addresses.js';
import { takeDirectory } from '../data-directory.js';
import { GossipSockets } from './gossip-sockets.js';
import type { Log } from '../log.js';
import { BUS_PORT_DISTANCE } from '../../config/ring-options.js';
import { busOfSeed, busPortAbove } from './seed-address.js';
import type { RingLinks } from './ring-links.js';
import type { RingData, RingMembership, RingPeer } from './ring-membership.js';

const BUS_BACKLOG = 128;
/** The good-bye goes to some members every 200 ms: after this all have heard it, unless there are very many. */
const GOOD_BYE_MS = 500;
const ANY_IPV4 = '0.0.0.0';
const ANY_IPV6 = '::';

export interface RingMemberOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly disk: Disk;
  readonly network: Network;
  readonly log: Log;
  /** For `tls-cluster`. */
  readonly tls?: TlsSettings | undefined;
}

export class RingMember implements RingMembership {
  readonly self: MemberId;
  readonly links: RingLinks;
  readonly bus: Bus;
  private readonly options: RingMemberOptions;
  private readonly store: RingStore;
  private readonly topology: Topology;
  private readonly address: Address;
  /** Of streams between nodes; undefined: without TLS. */
  private readonly busTls: TlsSettings | undefined;
  private readonly listeners: ((ring: Ring) => void)[] = [];
  private readonly goneListeners: (() => void)[] = [];
  private readonly connectedSinceMs = new Map<MemberId, number>();
  private gossip: Gossip | undefined;
  private datagrams: GossipSockets | undefined;
  private current: Ring | undefined;
  /** The data, once this node has any to do with. */
  private data: RingData | undefined;
  private isStopped = false;
  private isGone = false;
  /** It joins a ring, or may, and is heard of when it has its data. */
  private isNewcomer: boolean;
  private onMember: () => void = () => undefined;

  /** Takes the data directory. Throws ConfigError, CorruptionError and DiskError. */
  constructor(options: RingMemberOptions) {
    const { config, disk, random, log } = options;
    checkConfig(config);
    this.options = options;
    this.address = announcedAddress(config);
    this.busTls = busTlsOf(options);
    takeDirectory(disk, config.dir);
    this.store = RingStore.open(disk, random, config.dir);
    this.self = this.store.nodeId;
    refuseWhoIsGone(this.store, config.dir);
    this.isNewcomer = !this.isFormed;
    this.bus = new Bus({
      ...options,
      tls: this.busTls,
      secret: Buffer.from(config.clusterSecret, 'latin1'),
      identity: () => this.identity(),
      addressOf: (id) => this.busAddressOf(id),
      log: (line) => {
        log.warning(line);
      },
    });
    this.links = this.makeLinks();
    this.bus.watch({
      onUp: (member) => {
        this.connectedSinceMs.set(member, options.clock.wallMs());
        this.gossip?.reconsider(member);
      },
      onDown: (member) => {
        this.connectedSinceMs.delete(member);
      },
      onSilence: (member, isSilent) => {
        if (!isSilent) this.gossip?.reconsider(member);
      },
    });
    const { timers } = options;
    const messenger = new BusMessenger({ bus: this.bus, timers, self: this.self, addressOfSeed: busOfSeed });
    this.topology = new Topology(
      {
        ...options,
        messenger,
        store: this.store,
        seeds: seedsOf(config),
        candidate: {
          id: this.self,
          zone: config.clusterZone,
          tokenCount: config.clusterTokens,
          address: this.address,
          ...(config.clusterReplaces !== '' && { replaces: config.clusterReplaces }),
        },
        replicaCount: config.clusterReplicas,
        holdsData: () => this.data?.holdsData() !== false,
        pauseWrites: (durationMs) => {
          this.data?.pauseWrites(durationMs);
        },
        report: (line) => {
          log.notice(line);
        },
      },
      (ring) => {
        this.adopt(ring);
      },
    );
  }

  /** Resolves when this node is a member of a ring. Rejects if an address cannot be had. */
  async start(): Promise<void> {
    const { config, network, log } = this.options;
    const port = busPortOf(config);
    const joined = new Promise<void>((resolve) => {
      this.onMember = resolve;
    });
    for (const host of listenHosts(config)) await this.bus.listen(this.busAddress(host, port));
    this.datagrams = await GossipSockets.bind(network, listenHosts(config), port, (buffer, length, host, from) => {
      this.gossip?.receive(buffer, length, host, from);
    });
    log.notice(`Node ${this.self} listens to other nodes on port ${port}${this.busTls ? ', by TLS' : ''}`);
    this.topology.start();
    await joined;
  }

  leave(): Promise<void> {
    this.gossip?.leave();
    return new Promise((resolve) => {
      this.options.timers.after(GOOD_BYE_MS, resolve);
    });
  }

  renewTls(tls: TlsSettings): void {
    const busTls = busTlsOf({ ...this.options, tls });
    if (busTls !== undefined) this.bus.renewTls(busTls);
  }

  stop(): void {
    this.isStopped = true;
    this.gossip?.stop();
    this.topology.stop();
    this.bus.close();
    this.datagrams?.close();
  }

  /** Whether a ring is known from before: then `start` waits for nobody. */
  get isFormed(): boolean {
    return this.store.ring !== undefined;
  }

  /** What keeps `start`, in words. */
  get waitsFor(): string {
    return this.topology.waitsFor;
  }

  get ring(): Ring {
    if (this.current === undefined) throw new ConfigError('this node is in no ring yet');
    return this.current;
  }

  heardOf(version: RingVersion, member: MemberId): void {
    this.topology.heardOf(version, member);
  }

  change(ring: RingDocument, next: RingDocument, onEnd: (reason: string | undefined) => void): void {
    this.topology.change(ring, next, onEnd);
  }

  replace(member: MemberId, onEnd: (reason: string | undefined) => void): void {
    this.topology.replace(member, onEnd);
  }

  get toBeReplaced(): MemberId | undefined {
    return this.topology.toBeReplaced;
  }

  replaceNobody(onEnd: (reason: string | undefined) => void): void {
    this.topology.replaceNobody(onEnd);
  }

  refresh(member: MemberId): void {
    this.topology.refresh(member);
  }

  addressOf(member: MemberId): Address {
    if (member === this.self) return this.address;
    return this.gossip?.member(member)?.profile.address ?? this.ring.member(member).address;
  }

  peer(member: MemberId): RingPeer {
    const known = this.gossip?.member(member)?.state;
    const figures = this.bus.figures().find(({ memberId }) => memberId === member);
    return {
      liveness: known ?? (member === this.self ? 'alive' : 'unknown'),
      link: {
        isConnected: member === this.self || figures?.isConnected === true,
        connectedSinceMs: this.connectedSinceMs.get(member) ?? 0,
        bytesIn: figures?.bytesIn ?? 0,
        bytesOut: figures?.bytesOut ?? 0,
        messagesIn: figures?.messagesIn ?? 0,
        messagesOut: figures?.messagesOut ?? 0,
        queuedBytes: figures?.queuedBytes ?? 0,
        roundTripUs: figures?.roundTripMeanUs ?? 0,
      },
    };
  }

  attach(data: RingData): void {
    this.data = data;
  }

  enter(): void {
    if (!this.isNewcomer) return;
    this.isNewcomer = false;
    this.startGossip(this.ring.document);
  }

  onRing(listener: (ring: Ring) => void): void {
    this.listeners.push(listener);
  }

  onGone(listener: () => void): void {
    this.goneListeners.push(listener);
    if (this.isGone) listener();
  }

  /** A ring was decided, and is durable here. */
  private adopt(document: RingDocument): void {
    const { log } = this.options;
    const isFirst = this.current === undefined;
    if (!document.members.some(({ id }) => id === this.self)) {
      log.notice(`The ring is at ${ringVersionText(document)}, and this node is no member of it any more`);
      this.isGone = true;
      for (const listener of this.goneListeners) listener();
      return;
    }
    const ring = new Ring(document);
    log.notice(`The ring is at ${ringVersionText(document)}: ${document.members.length} members`);
    this.current = ring;
    if (isFirst) {
      this.isNewcomer &&= ring.member(this.self).state === 'joining';
      if (!this.isNewcomer) this.startGossip(document);
      this.bus.renew();
    }
    this.bus.setMembers(document.members.map(({ id }) => id));
    this.gossip?.setRing(document);
    for (const listener of this.listeners) listener(ring);
    this.onMember();
  }

  private startGossip(document: RingDocument): void {
    const { config, clock, log } = this.options;
    const exchange = new BusExchange(this.bus);
    const others = document.members.filter(({ id }) => id !== this.self);
    const gossip = new Gossip(
      {
        self: this.self,
        incarnation: firstIncarnation(undefined, clock.wallMs()),
        profile: {
          address: this.address,
          zone: config.clusterZone,
          load: { keyCount: 0, memoryBytes: 0, commandsPerSecond: 0 },
          ring: document,
        },
        clusterId: document.clusterId,
        secret: config.clusterSecret,
        seeds: others.map(({ address }) => ({ host: address.host, port: address.busPort })),
        parameters: LAN_PARAMETERS,
      },
      {
        ...this.options,
        datagrams: {
          send: (buffer, start, end, host, port) => {
            this.datagrams?.send(buffer, start, end, host, port);
          },
        },
        exchange,
        streamPing: exchange,
        warn: (line) => {
          log.warning(line);
        },
      },
      {
        onAlive: ({ id }) => {
          this.bus.hurry(id);
        },
        onSuspect: ({ id }) => {
          log.verbose(`Node ${id} does not answer`);
        },
        onDead: ({ id }) => {
          log.notice(`Node ${id} is taken for dead`);
        },
        onLeft: ({ id }) => {
          log.notice(`Node ${id} has said good-bye`);
        },
        onUpdate: ({ id }) => {
          this.bus.hurry(id);
        },
        onRingNews: (version, { id }) => {
          this.topology.heardOf(version, id);
        },
      },
    );
    this.gossip = gossip;
    exchange.serve(gossip);
    gossip.start();
  }

  private busAddress(host: string, port: number): ListenAddress {
    return { host, port, backlog: BUS_BACKLOG, ...(this.busTls && { tls: this.busTls }) };
  }

  private identity(): Identity {
    const { ring } = this.store;
    const digest = ring === undefined ? digestOfSeeds(seedsOf(this.options.config)) : sha256(ring.clusterId);
    return { memberId: this.self, isFormed: ring !== undefined, clusterDigest: Buffer.from(digest, 'hex') };
  }

  private busAddressOf(id: MemberId): BusAddress | undefined {
    const address =
      this.gossip?.member(id)?.profile.address ?? this.store.ring?.members.find((member) => member.id === id)?.address;
    return address && { host: address.host, port: address.busPort };
  }

  private makeLinks(): RingLinks {
    const { bus } = this;
    return {
      send: (member, kind, payload) => !this.isStopped && bus.send(member, kind, payload),
      serve: (kind, handler) => {
        bus.serve(kind, 'members', handler);
      },
      openChannel: (member, metadata, handler) => bus.openChannel(member, metadata, handler),
      serveChannels: (accept) => {
        bus.serveChannels((stream, _metadata, from) => accept(stream, from));
      },
      isUp: (member) => member === this.self || (bus.isResponsive(member) && this.gossip?.isUp(member) === true),
      watch: (watcher) => {
        bus.watch(watcher);
      },
      clockOf: (member) => bus.clockOf(member),
      flush: () => {
        bus.flush();
      },
    };
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Throws ConfigError. */
function checkConfig(config: Config): void {
  if (!config.appendonly) throw new ConfigError('cluster-enabled: a node of a ring needs its log: appendonly yes');
  if (clientPortOf(config) === 0) throw new ConfigError('cluster-enabled: port and tls-port are 0');
  if (listenHosts(config)[0] === ANY_IPV4 || listenHosts(config)[0] === ANY_IPV6) {
    if (config.clusterAnnounceIp === '') {
      throw new ConfigError('cluster-enabled: bind is all addresses: cluster-announce-ip must say which others use');
    }
  }
  if (config.clusterSecret === '' && !listenHosts(config).every(isLoopback)) {
    throw new ConfigError(
      'cluster-enabled: cluster-secret is empty: without one, only nodes on loopback addresses may form a ring',
    );
  }
}

/** Throws ConfigError. */
function refuseWhoIsGone({ nodeId, ring }: RingStore, directory: string): void {
  if (ring === undefined || ring.members.some(({ id }) => id === nodeId)) return;
  throw new ConfigError(
    `this node, ${nodeId}, has left its ring, or was taken out of it: empty ${directory}, and it joins as a new one`,
  );
}

/** By which seeds name a node: the one of TLS, if it has no other. */
function clientPortOf({ port, tlsPort }: Config): number {
  return port || tlsPort;
}

function busPortOf(config: Config): number {
  return config.clusterPort || busPortAbove(clientPortOf(config));
}

/** Whatever clients need not show: nodes show each other that they are of the same authority. */
function busTlsOf({ config, tls }: RingMemberOptions): TlsSettings | undefined {
  return config.tlsCluster && tls !== undefined ? { ...tls, clientCertificates: 'yes' } : undefined;
}

/** Where others reach this node, unless the configuration says otherwise: where it listens. */
function announcedAddress(config: Config): Address {
  const listening = listenHosts(config)[0];
  return {
    host: config.clusterAnnounceIp || listening,
    port: config.clusterAnnouncePort || config.port,
    tlsPort: config.clusterAnnounceTlsPort || config.tlsPort,
    busPort: config.clusterAnnounceBusPort || busPortOf(config),
  };
}

/** The seeds; without any, this node is all there is at first. */
function seedsOf(config: Config): string[] {
  if (config.clusterSeeds !== '') return config.clusterSeeds.split(',');
  const { host, port, tlsPort, busPort } = announcedAddress(config);
  const place = `${host.includes(':') ? `[${host}]` : host}:${port || tlsPort}`;
  return [busPort === (port || tlsPort) + BUS_PORT_DISTANCE ? place : `${place}@${busPort}`];
}
