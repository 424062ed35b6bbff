/**
 * Installs the programs that some specs talk to or compare with, from Debian's packages.
 *
 * Only root on a system with apt-get can; everybody else is told what is missing. Specs ask for a
 * program with `requireProgram` (spec/tools/programs.ts) and skip, or fail where CI=true.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program, the Debian package that has it. */
const programs = [
  ['redis-server', 'redis-server'],
  ['redis-cli', 'redis-tools'],
  ['redis-benchmark', 'redis-tools'],
  ['tclsh', 'tcl'],
  ['strace', 'strace'],
  ['prlimit', 'util-linux'],
  ['openssl', 'openssl'],
  ['etcd', 'etcd-server'],
];

/** Debian asks this file whether a package may start its service; 101 says no. */
const servicePolicy = '/usr/sbin/policy-rc.d';

/** Installs what is missing where that is possible, and says what is still missing. Never fails. */
export function installDebianPrograms() {
  let missing = missingPrograms();
  if (missing.length === 0) return;

  const names = () => missing.map(([program]) => program).join(', ');
  if (process.getuid?.() === 0 && isOnPath('apt-get')) {
    console.error(`ringkv: installing ${names()} with apt-get`);
    aptInstall([...new Set(missing.map(([, debianPackage]) => debianPackage))]);
    missing = missingPrograms();
  }
  if (missing.length === 0) return;

  const packages = [...new Set(missing.map(([, debianPackage]) => debianPackage))].join(' ');
  console.error(`ringkv: not installed: ${names()} (Debian packages: ${packages}).`);
  console.error('ringkv: specs that need them are skipped, and fail where CI=true.');
}

function missingPrograms() {
  return programs.filter(([program]) => !isOnPath(program));
}

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function aptInstall(packages) {
  const ownPolicy = !existsSync(servicePolicy);
  if (ownPolicy) writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    if (apt('update')) apt('install', '--yes', '--no-install-recommends', ...packages);
  } finally {
    if (ownPolicy) rmSync(servicePolicy);
  }
}

/** Runs apt-get, shows its output only when it fails; returns whether it succeeded. */
function apt(...args) {
  const { status, stdout, stderr } = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) console.error(`${stdout}${stderr}ringkv: apt-get ${args.join(' ')} failed`);
  return status === 0;
}

if (process.argv[1] === import.meta.filename) installDebianPrograms();
