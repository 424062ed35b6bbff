/**
 * The ports: everything that ringkv needs of the world outside, as interfaces.
 *
 * The server hands them in at construction; the simulator and the specs hand in their own. Only
 * `lib/host/node-*.ts` implement them with Node's modules (lint rule), so a whole node can run on
 * simulated time, disk and network from one seed.
 */

/** Time. Wall time may jump; monotonic time never goes back. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC, a whole number. */
  wallMs(): number;
  /** Microseconds since 1970-01-01 UTC, a whole number. */
  wallUs(): number;
  /** Microseconds since an arbitrary start, never going back; may carry a fraction. */
  monotonicUs(): number;
  /** Microseconds of CPU time that the calling thread has used, never going back. */
  threadCpuUs(): number;
}

/** A timer that was started. Cancelling one that has fired does nothing. */
export interface Timer {
  cancel(): void;
}

/** Work for later. Timers of the server never keep the process alive by themselves. */
export interface Timers {
  after(delayMs: number, run: () => void): Timer;
  every(intervalMs: number, run: () => void): Timer;
  /** Runs once in the check phase of this turn of the loop, after everything that was readable. */
  endOfTurn(run: () => void): void;
}

/** Randomness; not for secrets unless the implementation says so. */
export interface Random {
  /** A whole number, uniform in [0, 2^32). */
  uint32(): number;
  /** Fills the whole of `target`; fit for keys and identities. */
  fill(target: Uint8Array): void;
}

/** A file that is open for reading. Offsets and lengths are bytes. */
export interface ReadableFile {
  readonly path: string;
  /** The size when it was opened plus what was appended since. */
  readonly sizeBytes: number;
  /** Reads up to `length` bytes at `offset` into `target[0, length)`; returns how many there were. Throws DiskError. */
  readAt(target: Uint8Array, offset: number, length: number): number;
  /**
   * The same, off the main thread: resolves to how many there were, rejects with DiskError. `target[0, length)` is the disk's
   * until then, and any number of reads may be under way; `close` waits for them.
   */
  readLater(target: Uint8Array, offset: number, length: number): Promise<number>;
  close(): void;
}

/** An open file that grows at its end. */
export interface DiskFile extends ReadableFile {
  /** Appends `buffer[start, end)` at the end; returns when the operating system has taken all of it. Throws DiskError. */
  append(buffer: Uint8Array, start: number, end: number): void;
  /** Makes all that was appended before the call durable, off the main thread. Rejects with DiskError. */
  sync(): Promise<void>;
  /** The same, waited for on this thread. */
  syncNow(): void;
  /**
   * Writes what is in the file from `offset` on once more, in its place. After a failed sync, of an earlier process too, the
   * system may take data for written that is not on the disk: this makes a sync write it. Throws DiskError.
   */
  writeAgain(offset: number): void;
  /** Cuts the file to `sizeBytes`. Throws DiskError. */
  truncate(sizeBytes: number): void;
}

/** A directory tree on a disk. Paths are as the operating system takes them. Every call throws DiskError on failure. */
export interface Disk {
  /** Creates a file that must not exist yet, open for append and read. */
  create(path: string): DiskFile;
  /** Opens a file that exists, for append and read. */
  open(path: string): DiskFile;
  /** Opens a file that exists, for reading only. */
  openForReading(path: string): ReadableFile;
  /** Bytes of a file that exists. */
  sizeOf(path: string): number;
  exists(path: string): boolean;
  /** Names (not paths) in the directory, sorted; empty if there is no such directory. */
  list(directory: string): string[];
  /** Makes the directory, and those above it that are missing. One that is there already is left as it is. */
  makeDirectory(path: string): void;
  /** Gives a file or directory another name. What had that name goes: a file, or a directory if it is empty. */
  rename(from: string, to: string): void;
  /** Gives a file another name in the same directory, as `rename` does, and makes that durable; off the main thread. Rejects with DiskError: then it has the one name or the other. */
  renameLater(from: string, to: string): Promise<void>;
  /** Gives the file `from` the second name `to` (a hard link), which must not exist yet. Both are on one file system. */
  link(from: string, to: string): void;
  remove(path: string): void;
  /** Removes a directory, which is empty. */
  removeDirectory(path: string): void;
  /** Removes a file, off the main thread: freeing a large one takes long. Never waits before a sync. Rejects with DiskError. */
  removeLater(path: string): Promise<void>;
  /** Makes creates, renames, links and removes in the directory durable. */
  syncDirectory(path: string): void;
  /** The same, off the main thread; covers what was done before the call. Rejects with DiskError. */
  syncDirectoryLater(path: string): Promise<void>;
  /** Takes an exclusive lock for this process, held until it ends; throws DiskError if another process has it. */
  lock(path: string): void;
  /** Who holds such a lock, in words; undefined if nobody does, or there is none. Changes nothing. */
  lockHolder(path: string): string | undefined;
}

/** What happens on a stream. */
export interface StreamHandler {
  /** `buffer[0, length)` arrived; it is overwritten after the call returns. */
  onData(buffer: Buffer, length: number): void;
  /** The system has taken all that was written. Called after a `write` that returned false. */
  onDrain(): void;
  /** The other side will send no more. */
  onEnd(): void;
  /** Nothing comes after this; `error` if it was not by our `close` or the other side's. */
  onClose(error: Error | undefined): void;
}

/** A connection that carries bytes. */
export interface ByteStream {
  /** `ip:port`; for a unix socket its path and `:0`. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  /**
   * Sends `buffer[start, end)`. True: the system has taken it, the buffer is free. False: the buffer is the stream's until
   * `onDrain`. REQUIRES: no earlier write is still waiting for that.
   */
  write(buffer: Buffer, start: number, end: number): boolean;
  /** No `onData` until `resume`. */
  pause(): void;
  resume(): void;
  setKeepAlive(seconds: number): void;
  /** Sends what was written, then closes. */
  end(): void;
  /** Closes now. */
  destroy(): void;
}

/** What happens on a stream that was opened from here. */
export interface OutgoingHandler extends StreamHandler {
  /** The connection stands (with TLS: the other side's certificate is good); what is written is sent from now on. */
  onConnect(): void;
}

/** Certificates and a key, as PEM texts. */
export interface TlsSettings {
  /** The own certificate, and those between it and its authority. Empty where we connect: none is shown. */
  readonly cert: string;
  readonly key: string;
  /** Whom to believe: certificates of authorities. Empty: those that come with the runtime. */
  readonly ca: string;
  /** Where we listen: whether clients show a certificate, as in Redis's `tls-auth-clients`. One that is shown must be good. */
  readonly clientCertificates: 'yes' | 'no' | 'optional';
}

/** Of a listener: connections whose handshake is not done. The oldest goes when there is one more. */
export const TLS_HANDSHAKES_MAX = 256;

/** Where to listen. `mode`: permission bits of the socket file. */
export type ListenAddress =
  | { readonly host: string; readonly port: number; readonly backlog: number; readonly tls?: TlsSettings }
  | { readonly path: string; readonly mode: number | undefined };

/** Where to connect to. As in Redis, the certificate of the other side must be of the authority, for any name. */
export interface ConnectAddress {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsSettings;
}

export interface Listener {
  /** The port it has (useful after asking for 0); 0 for a unix socket. */
  readonly port: number;
  /** Of a listener with TLS: certificates and the key are these for connections to come. Throws, with nothing changed, if they cannot be used. */
  setTls?(tls: TlsSettings): void;
  close(): void;
}

/** `buffer[0, length)` arrived from there; it is overwritten after the call returns. `host` is an IP address. */
export type OnDatagram = (buffer: Buffer, length: number, host: string, port: number) => void;

/** Sends and receives datagrams, which may be lost, doubled, and come in any order. */
export interface DatagramSocket {
  readonly port: number;
  /** Datagrams that could not be sent. Most that are lost are lost elsewhere, and nobody knows. */
  readonly unsentCount: number;
  /** Sends `buffer[start, end)`, which is free when this returns. Never throws: what cannot be sent is lost, and counted. */
  send(buffer: Buffer, start: number, end: number, host: string, port: number): void;
  /** Nothing arrives, and nothing is sent, after this. */
  close(): void;
}

export interface Network {
  /** Resolves once connections are taken; `accept` is called for each and returns its handler. Rejects with an Error that has a `code`. */
  listen(address: ListenAddress, accept: (stream: ByteStream) => StreamHandler): Promise<Listener>;
  /**
   * Opens a connection. The handler hears nothing before this returns, then `onConnect`, or `onClose` with the reason why not. How long
   * to wait is the caller's business: `destroy` gives up. REQUIRES: nothing is written before `onConnect`.
   */
  connect(address: ConnectAddress, handler: OutgoingHandler): ByteStream;
  /** Resolves once datagrams are taken. `port` 0: any that is free. Rejects with an Error that has a `code`. */
  bind(address: { readonly host: string; readonly port: number }, onDatagram: OnDatagram): Promise<DatagramSocket>;
}

/** What the process and its machine say of themselves: bytes, seconds. */
export interface ProcessProbe {
  readonly processId: number;
  readonly totalMemoryBytes: number;
  readonly osName: string;
  residentBytes(): number;
  /** The JavaScript heap in use. */
  heapBytes(): number;
  /** CPU seconds of all threads, and of the main one. */
  cpu(): { user: number; system: number };
  mainThreadCpu(): { user: number; system: number };
  /** File descriptors that the process may open. */
  readonly filesMax: number;
}

/** What a module that runs in a thread of its own is given. */
export interface ThreadHost {
  readonly disk: Disk;
  readonly clock: Clock;
  /** Stops the thread, which answers nothing meanwhile, for so long, or until `words[index]` is not `value` and somebody notifies it. */
  wait(words: Int32Array, index: number, value: number, timeoutMs: number): void;
}

/** What such a module exports: `serve` is called once, and its result with each request. What it throws goes to the asker. */
export interface ThreadModule {
  serve(host: ThreadHost): (message: unknown) => unknown;
}

/** A thread that answers one request after the other. */
export interface JobThread {
  /**
   * Asks; the first request starts the thread. Messages and answers are copied (structured clone), SharedArrayBuffers shared. Rejects with
   * what the module threw: DiskError, CorruptionError and AssertionError as themselves; with ThreadDiedError if the thread ended before
   * it answered: the next request starts a new one.
   */
  request(message: unknown): Promise<unknown>;
  /** Ends the thread, in the middle of a request too, which is then rejected. Nothing may be asked afterwards. */
  stop(): Promise<void>;
}

/** Threads beside the main one. They keep the process alive only while they owe an answer. */
export interface Threads {
  /** `moduleUrl` is that of a ThreadModule; `name` is what tools show. */
  start(moduleUrl: string, name: string): JobThread;
}
