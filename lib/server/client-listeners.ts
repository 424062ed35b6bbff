import type { Config } from '../config/config.js';
import type { ByteStream, ListenAddress, Listener, Network, StreamHandler, TlsSettings } from '../host/ports.js';
import { isOptional, keyOf, listenAddresses } from './addresses.js';

export interface ClientListenersOptions {
  readonly config: Config;
  readonly network: Network;
  /** For `tls-port`. */
  readonly tls: TlsSettings | undefined;
  readonly accept: (stream: ByteStream, usesTls: boolean) => StreamHandler;
}

/** Where a node takes clients. */
export class ClientListeners {
  private readonly options: ClientListenersOptions;
  private tls: TlsSettings | undefined;
  /** By address. */
  private listeners = new Map<string, Listener>();

  constructor(options: ClientListenersOptions) {
    this.options = options;
    this.tls = options.tls;
  }

  get isEmpty(): boolean {
    return this.listeners.size === 0;
  }

  /** The port of the listeners without TLS, and with it; 0 without any. */
  get port(): number {
    return this.portOf('tcp');
  }

  get tlsPort(): number {
    return this.portOf('tls');
  }

  /** Listens where the configuration says, and nowhere else. Rejects, with nothing changed, if an address cannot be had. */
  async listen(): Promise<void> {
    const listeners = new Map<string, Listener>();
    try {
      for (const address of listenAddresses(this.options.config, this.tls)) {
        const key = keyOf(address);
        const listener = this.listeners.get(key) ?? (await this.open(address));
        if (listener !== undefined) listeners.set(key, listener);
      }
    } catch (error) {
      for (const [key, listener] of listeners) if (!this.listeners.has(key)) listener.close();
      throw error;
    }
    for (const [key, listener] of this.listeners) if (!listeners.has(key)) listener.close();
    this.listeners = listeners;
  }

  /** The places, in words. */
  describe(): string {
    const { port, tlsPort } = this;
    const places = [port && `port ${port}`, tlsPort && `port ${tlsPort} by TLS`, this.options.config.unixsocket];
    return places.filter((place) => place !== 0 && place !== '').join(', ');
  }

  /** Clients that come from now on see these certificates. Throws what is wrong with them. */
  renewTls(tls: TlsSettings): void {
    for (const listener of this.listeners.values()) listener.setTls?.(tls);
    this.tls = tls;
  }

  /** Nobody is taken any more. */
  close(): void {
    for (const listener of this.listeners.values()) listener.close();
    this.listeners.clear();
  }

  private portOf(kind: 'tcp' | 'tls'): number {
    return Math.max(
      0,
      ...[...this.listeners].filter(([key]) => key.startsWith(`${kind} `)).map(([, { port }]) => port),
    );
  }

  private async open(address: ListenAddress): Promise<Listener | undefined> {
    const { config, network, accept } = this.options;
    try {
      return await network.listen(address, (stream) => accept(stream, 'host' in address && address.tls !== undefined));
    } catch (error) {
      if (isOptional(config, address, error)) return undefined;
      throw error;
    }
  }
}
