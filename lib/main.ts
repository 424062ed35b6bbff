#!/usr/bin/env node
/** The executable: reads the command line, puts the node together over Node's own ports, and serves until it is told to stop. */

import {
  appendFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';

import { ConfigError } from './base/errors.js';
import { Config } from './config/config.js';
import type { ConfigFiles } from './config/parse.js';
import { parseCommandLine } from './config/parse.js';
import { NodeClock } from './host/node-clock.js';
import { NodeDisk } from './host/node-disk.js';
import { putHelperThreadsBehind } from './host/node-helper-threads.js';
import { NodeNetwork } from './host/node-network.js';
import { writeText } from './host/node-output.js';
import { NodeProcess } from './host/node-process.js';
import { NodeRandom } from './host/node-random.js';
import { showSourcesOfFatalErrors } from './host/node-stack.js';
import { NodeThreads } from './host/node-threads.js';
import { NodeTimers } from './host/node-timers.js';
import type { TlsSettings } from './host/ports.js';
import { Log } from './server/log.js';
import { ThreadedJobs } from './storage/jobs/job-runner.js';
import { Node } from './server/node.js';
import { RingMember } from './server/ring/ring-member.js';
import { readTls } from './server/tls-files.js';
import type { WaitingRoomOptions } from './server/ring/waiting-room.js';
import { WaitingRoom } from './server/ring/waiting-room.js';
import { isTool, runTool } from './tools/run-tool.js';
import { ExitCode } from './tools/tool.js';

/** A second signal within this is the same key press, delivered to the whole process group: not a second wish. */
const SAME_SIGNAL_MS = 500;

const USAGE = `Usage: ringkv [/path/to/ringkv.conf] [--option value ...]
       ringkv check <dir> | dump <file> | restore <backup> <dir>
       ringkv ring [<host>:<port>] [--password <password>]
       ringkv ring recover --survivors <member id>,... --dir <dir>
       ringkv --version | --help

Without a subcommand it serves. Options are those of the configuration file: "port 7000" there is "--port 7000" here.

Examples:
  ringkv                                  serve on 127.0.0.1:6379, data in ./data
  ringkv --port 7000 --dir /var/lib/ringkv
  ringkv /etc/ringkv.conf --appendfsync always

ringkv ring [<host>:<port>] draws the ring that a node (127.0.0.1:6379) is in: who acts for which slots, and how all members are.

Subcommands, for data directories that no server has open:
  check <dir>       reads everything in a data directory, or in a backup, and says what is damaged; changes nothing.
                    Ends with 0 if nothing is, 1 if something is, 2 if it could not look.
  dump <file>       shows a segment of the log, a manifest or an SSTable in readable form, up to where it stops being one.
  restore <backup> <dir>
                    makes the data directory <dir>, which is missing or empty, of what BACKUP has made. It is another node's:
                    with an id of its own.
  ring recover      when a majority of the voters of a cluster is lost for good: makes a ring of the members that survive, in
                    the data directory of one of them, the one with the newest ring. All lost members must be down, for ever.
`;

const configFiles: ConfigFiles = {
  readText: (path) => readFileSync(path, 'latin1'),
  list: (directory) => (existsSync(directory) ? readdirSync(directory).sort() : []),
};

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** A log that can be written at the start and not later (a full disk, a pipe that nobody reads any more) loses lines, and stops nothing. */
function openLog(config: Config): Log {
  const { logfile } = config;
  if (logfile === '') process.stdout.on('error', () => undefined);
  else appendFileSync(logfile, '');
  return new Log({
    write: (line) => {
      if (logfile === '') process.stdout.write(line);
      else appendIfPossible(logfile, line);
    },
    localTime: () => {
      const now = new Date();
      return {
        year: now.getFullYear(),
        month: now.getMonth() + 1,
        day: now.getDate(),
        hour: now.getHours(),
        minute: now.getMinutes(),
        second: now.getSeconds(),
        ms: now.getMilliseconds(),
      };
    },
    processId: process.pid,
  });
}

function appendIfPossible(path: string, line: string): void {
  try {
    appendFileSync(path, line);
  } catch {
    // There is nowhere left to say so.
  }
}

/** Writes the configuration file anew beside the old one, then puts it in its place. */
function rewriteConfig(config: Config, file: string): void {
  if (file === '') throw new ConfigError('The server is running without a config file');
  const text = config.rewrite(existsSync(file) ? configFiles.readText(file) : '', file, configFiles);
  // It may hold a password: who may read it stays as it is.
  const mode = existsSync(file) ? statSync(file).mode : 0o600;
  writeFileSync(`${file}.tmp`, text, { encoding: 'latin1', flush: true, mode });
  renameSync(`${file}.tmp`, file);
}

async function serve(config: Config, configFile: string): Promise<void> {
  const log = openLog(config);
  log.level = config.loglevel;
  log.notice(`ringkv ${version()} is starting, process ${process.pid}`);
  for (const warning of config.warnings) log.warning(warning);
  const finish = (exitCode: number): void => {
    if (config.pidfile !== '') removeQuietly(config.pidfile);
    process.exit(exitCode);
  };
  const threads = new NodeThreads();
  const readTlsFiles = (): TlsSettings | undefined => readTls(config, (path) => configFiles.readText(path));
  const world = {
    config,
    clock: new NodeClock(),
    timers: new NodeTimers(),
    random: new NodeRandom(),
    disk: new NodeDisk(),
    network: new NodeNetwork(),
    log,
    tls: readTlsFiles(),
    readTls: readTlsFiles,
  };
  const membership = config.clusterEnabled ? new RingMember(world) : undefined;
  if (membership !== undefined) await joinRing(membership, world, finish);
  const node = new Node({
    ...world,
    membership,
    configFile,
    version: version(),
    process: new NodeProcess(),
    jobs: () => new ThreadedJobs(threads),
    rewriteConfig: () => {
      rewriteConfig(config, configFile);
    },
    onStopped: finish,
  });
  stopOnSignals(node, log, finish);
  await node.start();
  if (config.pidfile !== '') writePidFile(config.pidfile, log);
}

type WaitingRoomWorld = Omit<WaitingRoomOptions, 'reason'> & { readonly log: Log };

/** Becomes a member of a ring. Until then a signal ends the process, and clients are told to wait. */
async function joinRing(
  member: RingMember,
  world: WaitingRoomWorld,
  finish: (exitCode: number) => void,
): Promise<void> {
  const onSignal = (signal: string): void => {
    world.log.notice(`Received ${signal}, stopping`);
    finish(0);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // Who comes back to a member need not be told that it is none.
  const room = member.isFormed ? undefined : new WaitingRoom({ ...world, reason: () => member.waitsFor });
  await room?.open();
  await member.start();
  room?.close();
  process.off('SIGTERM', onSignal);
  process.off('SIGINT', onSignal);
}

/** Serving matters more than the file: as in Redis, one that cannot be written is only a line in the log. */
function writePidFile(path: string, log: Log): void {
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch (error) {
    log.warning(`The pidfile could not be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The first signal stops the node in order, the second one at once. */
function stopOnSignals(node: Node, log: Log, finish: (exitCode: number) => void): void {
  let firstAtMs = 0;
  const onSignal = (signal: string): void => {
    const nowMs = performance.now();
    if (firstAtMs !== 0) {
      if (nowMs - firstAtMs < SAME_SIGNAL_MS) return;
      log.warning(`${signal} again: exiting now`);
      finish(1);
      return;
    }
    firstAtMs = nowMs;
    log.notice(`Received ${signal}, stopping`);
    void node.stop().then((failure) => {
      finish(failure === undefined ? 0 : 1);
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // As in Redis: a server outlives the terminal that it was started from.
  process.on('SIGHUP', () => undefined);
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already.
  }
}

/** Dates end somewhere; expiries do not. */
function formatTime(unixMs: number): string {
  const date = new Date(unixMs);
  return Number.isNaN(date.getTime()) ? `${unixMs} ms` : date.toISOString();
}

/** The exit code of a subcommand. */
function tool(name: string, args: readonly string[]): number | Promise<number> {
  return runTool(name, args, {
    disk: new NodeDisk(),
    random: new NodeRandom(),
    network: new NodeNetwork(),
    timers: new NodeTimers(),
    hasColour: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    formatTime,
    print: (line) => {
      // Nobody reads on (`| head`): nothing is left to do.
      if (!writeText(1, `${line}\n`)) process.exit(ExitCode.OK);
    },
    complain: (line) => {
      writeText(2, `ringkv: ${line}\n`);
    },
  });
}

async function main(): Promise<void> {
  showSourcesOfFatalErrors();
  const [name, ...rest] = process.argv.slice(2);
  if (isTool(name)) {
    process.exitCode = await tool(name, rest);
    return;
  }
  // The young heap holds next to nothing at a collection: waking helper threads for it costs more than it saves.
  setFlagsFromString('--no-parallel-scavenge');
  putHelperThreadsBehind();
  const machine = { totalMemoryBytes: new NodeProcess().totalMemoryBytes };
  const commandLine = parseCommandLine(process.argv.slice(2), configFiles);
  if (commandLine.action === 'version') {
    process.stdout.write(`ringkv ${version()}\n`);
    return;
  }
  if (commandLine.action === 'help') {
    process.stdout.write(USAGE);
    return;
  }
  const configFile = commandLine.configFile === undefined ? '' : resolve(commandLine.configFile);
  await serve(new Config(machine, commandLine.directives), configFile);
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`ringkv: ${message}\n`);
  process.exit(1);
});
