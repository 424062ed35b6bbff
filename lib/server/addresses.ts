/** Where to listen, as `bind`, `port`, `tls-port` and `unixsocket` say; and who is asked from near by. */

import type { Settings } from '../config/settings.js';
import type { ListenAddress, TlsSettings } from '../host/ports.js';

/** The addresses of the configuration, in order. `tls`: what `tls-port` needs. */
export function listenAddresses(config: Settings, tls?: TlsSettings): ListenAddress[] {
  const { port, tlsPort, bind, tcpBacklog: backlog, unixsocket, unixsocketPermissions } = config;
  const addresses: ListenAddress[] = [];
  const hosts = bind.map(hostName);
  if (port !== 0) addresses.push(...hosts.map((host) => ({ host, port, backlog })));
  if (tlsPort !== 0 && tls !== undefined)
    addresses.push(...hosts.map((host) => ({ host, port: tlsPort, backlog, tls })));
  if (unixsocket !== '') addresses.push({ path: unixsocket, mode: unixsocketPermissions || undefined });
  return addresses;
}

/** The hosts of `bind`, those first that must be had; all of IPv4 without any. */
export function listenHosts({ bind }: Settings): string[] {
  const needed = bind.filter((host) => !host.startsWith('-')).map(hostName);
  return needed.length > 0 ? needed : ['0.0.0.0'];
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** Whether CLIENT's and DEBUG's `local` means it: a unix socket, or a loopback address. */
export function isLocalAddress(address: string): boolean {
  return address.startsWith('127.') || address.startsWith('[::1]') || address.startsWith('/') || !address.includes(':');
}

/** Tells the addresses of a configuration from each other. */
export function keyOf(address: ListenAddress): string {
  if ('path' in address) return address.path;
  return `${address.tls === undefined ? 'tcp' : 'tls'} ${address.host} ${address.port}`;
}

/** Whether it does not matter that `address` could not be had: `bind` has it with a dash, and the machine has it not. */
export function isOptional(config: Settings, address: ListenAddress, error: unknown): boolean {
  if (!('host' in address)) return false;
  if (!config.bind.some((host) => host.startsWith('-') && hostName(host) === address.host)) return false;
  const code = (error as { code?: string }).code;
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'EPROTONOSUPPORT';
}

/** `*` is all of IPv4, `::*` all of IPv6. */
function hostName(bind: string): string {
  const name = bind.startsWith('-') ? bind.slice(1) : bind;
  if (name === '*') return '0.0.0.0';
  return name === '::*' ? '::' : name;
}
