import { expect } from 'chai';
import { ESLint } from 'eslint';
import { join } from 'node:path';
import tseslint from 'typescript-eslint';
import { repositoryRoot } from '../../scripts/tools/repository-root.js';

/** Lints `code` as if it stood in `file`; returns `rule: message` for what is wrong with its imports and names. */
async function lint(file: string, code: string): Promise<string[]> {
  const results = await eslint.lintText(code, { filePath: join(repositoryRoot(), file) });
  return results.flatMap((result) =>
    result.messages
      .filter((message) => message.fatal === true || architectureRules.test(message.ruleId ?? ''))
      .map((message) => `${message.ruleId ?? 'fatal'}: ${message.message}`),
  );
}

const architectureRules = /^ringkv\/|^no-restricted-/;

const eslint = new ESLint({
  cwd: repositoryRoot(),
  overrideConfigFile: join(repositoryRoot(), 'conf/eslint.config.js'),
  // The snippets are not files of the compiler's project: no types, and none are needed here.
  overrideConfig: tseslint.configs.disableTypeChecked as ESLint.Options['overrideConfig'],
});

describe('lint rule ringkv/layers', function () {
  this.timeout(30_000);

  const upward: [string, string, string][] = [
    ['lib/base/x.ts', "import '../host/ports.js';", "'base' may not import from 'host'"],
    ['lib/host/x.ts', "import { x } from '../record/entry.js';", "'host' may not import from 'record'"],
    ['lib/protocol/x.ts', "export { x } from '../record/entry.js';", "'protocol' may not import from 'record'"],
    ['lib/record/x.ts', "export * from '../config/config.js';", "'record' may not import from 'config'"],
    ['lib/config/x.ts', "import '../protocol/args.js';", "'config' may not import from 'protocol'"],
    ['lib/storage/x.ts', "import type { X } from '../data/x.js';", "'storage' may not import from 'data'"],
    ['lib/storage/deep/x.ts', "import '../../data/x.js';", "'storage' may not import from 'data'"],
    ['lib/data/x.ts', "await import('../commands/x.js');", "'data' may not import from 'commands'"],
    ['lib/tools/x.ts', "import '../scripting/x.js';", "'tools' may not import from 'scripting'"],
    ['lib/data/x.ts', "export type X = import('../server/x.js').X;", "'data' may not import from 'server'"],
    ['lib/commands/x.ts', "import '../cluster/x.js';", "'commands' may not import from 'cluster'"],
    ['lib/cluster/x.ts', "import '../scripting/x.js';", "'cluster' may not import from 'scripting'"],
    ['lib/scripting/x.ts', "import '../server/x.js';", "'scripting' may not import from 'server'"],
    ['lib/server/x.ts', "import '../main.js';", "'server' may not import from 'main.ts'"],
  ];
  for (const [file, code, message] of upward) {
    it(`finds in ${file}: ${code}`, async () => {
      const [found, ...more] = await lint(file, code);
      expect(found).to.include('ringkv/layers: ').and.include(message);
      expect(more).to.deep.equal([]);
    });
  }

  it('finds a folder that has no row in the table', async () => {
    expect(await lint('lib/attic/x.ts', "import '../base/assert.js';")).to.deep.equal([
      'ringkv/layers: lib/attic is not in conf/layers.js: give it a row there.',
    ]);
  });

  it('finds an import that leaves lib/', async () => {
    const [found] = await lint('lib/server/x.ts', "import '../../spec/tools/programs.js';");
    expect(found).to.include('lib/ imports nothing from outside of lib/');
  });

  it('allows the own folder, lower folders, packages and Node', async () => {
    const code = "import './entry.js'; import '../../base/assert.js'; import 'denque'; import 'node:buffer';";
    expect(await lint('lib/storage/deep/x.ts', code)).to.deep.equal([]);
    expect(await lint('lib/main.ts', "import './server/node.js'; import './base/assert.js';")).to.deep.equal([]);
  });

  it('leaves specs and scripts alone', async () => {
    expect(await lint('spec/base/x.spec.ts', "import '../../lib/server/node.js';")).to.deep.equal([]);
    expect(await lint('scripts/bench/x.ts', "import '../../lib/server/node.js';")).to.deep.equal([]);
  });
});

describe('lint rules for the ports', function () {
  this.timeout(30_000);

  const outside: [string, string][] = [
    ...['node:fs', 'fs', 'node:fs/promises', 'node:net', 'node:dgram', 'node:tls', 'node:worker_threads'],
    ...['node:child_process', 'node:os', 'node:perf_hooks', 'node:timers/promises', 'node:http', 'node:dns'],
  ].map((name) => [`import * as x from '${name}';`, 'ringkv/ports: ']);
  outside.push(
    ["await import('node:fs');", 'ringkv/ports: '],
    ["export { readFileSync } from 'node:fs';", 'ringkv/ports: '],
    ["import { type Stats } from 'node:fs';", 'ringkv/ports: '],
    ["import { createHash, randomBytes } from 'node:crypto';", 'ringkv/ports: '],
    ["import crypto from 'node:crypto';", 'ringkv/ports: '],
    ["import { hrtime } from 'node:process';", 'ringkv/ports: '],
    ['Date.now();', 'no-restricted-globals: '],
    ['new Date();', 'no-restricted-globals: '],
    ['performance.now();', 'no-restricted-globals: '],
    ['globalThis.performance.now();', 'no-restricted-globals: '],
    ['setTimeout(() => {}, 1);', 'no-restricted-globals: '],
    ['setInterval(() => {}, 1);', 'no-restricted-globals: '],
    ['setImmediate(() => {});', 'no-restricted-globals: '],
    ['Math.random();', 'no-restricted-properties: '],
    ['const { random } = Math;', 'no-restricted-properties: '],
    ['process.hrtime.bigint();', 'no-restricted-properties: '],
  );
  for (const [code, rule] of outside) {
    it(`find in lib/storage: ${code}`, async () => {
      const [found, ...more] = await lint('lib/storage/x.ts', code);
      expect(found).to.include(rule);
      expect(more).to.deep.equal([]);
    });
  }

  it('allow types, queueMicrotask and what does not reach outside', async () => {
    const code = `
      import type { Stats } from 'node:fs';
      import { createHash } from 'node:crypto';
      import { crc32 } from 'node:zlib';
      queueMicrotask(() => {});
      Math.max(1, 2);`;
    expect(await lint('lib/storage/x.ts', code)).to.deep.equal([]);
  });

  const code = "import 'node:fs'; import 'node:net'; Date.now(); Math.random(); setTimeout(() => {}, 1);";
  for (const file of ['lib/host/node-disk.ts', 'lib/main.ts', 'lib/server/node.ts']) {
    it(`allow everything in ${file}`, async () => {
      expect(await lint(file, code)).to.deep.equal([]);
    });
  }

  for (const file of ['lib/host/ports.ts', 'lib/server/connection.ts', 'lib/storage/node-x.ts']) {
    it(`hold in ${file}`, async () => {
      expect(await lint(file, code)).to.have.length(5);
    });
  }
});

describe('lint rule against lone tests', function () {
  this.timeout(30_000);

  for (const name of ['describe', 'it']) {
    it(`finds ${name}.only in a spec`, async () => {
      const found = await lint('spec/base/x.spec.ts', `${name}.only('x', () => {});`);
      expect(found).to.deep.equal(['no-restricted-syntax: .only leaves every other test out.']);
    });
  }
});
