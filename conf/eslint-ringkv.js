/**
 * ESLint rules of this repository, for what lib/ may import:
 *
 * - `ringkv/layers`: a file imports from its own folder and from lower ones (layers.js).
 * - `ringkv/ports`: time, disk, network, threads and randomness come through the ports of lib/host.
 *
 * Both look at static, dynamic and type imports and at re-exports.
 */
import { dirname, join, relative, sep } from 'node:path';
import { layers, rankOf } from './layers.js';

/** Modules that reach outside of the process. The value lists the names that do; null: all of them. */
const outsideModules = new Map([
  ...['child_process', 'cluster', 'dgram', 'dns', 'dns/promises', 'fs', 'fs/promises', 'http', 'http2', 'https'].map(
    all,
  ),
  ...['net', 'os', 'perf_hooks', 'readline', 'readline/promises', 'timers', 'timers/promises', 'tls'].map(all),
  all('worker_threads'),
  [
    'crypto',
    ['getRandomValues', 'randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'webcrypto'],
  ],
  ['process', ['hrtime']],
]);

function all(name) {
  return [name, null];
}

const layersRule = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      unknown: 'lib/{{name}} is not in conf/layers.js: give it a row there.',
      outside: "lib/ imports nothing from outside of lib/, this is '{{path}}'.",
      upward: "'{{from}}' may not import from '{{to}}', only from: {{allowed}}.",
    },
  },
  create(context) {
    const path = relative(context.cwd, context.filename);
    const from = folderInLib(path);
    if (from === undefined) return {};
    return onImports((node, source) => {
      if (!source.startsWith('.')) return;
      const target = join(dirname(path), source);
      const to = folderInLib(target.replace(/\.js$/, '.ts'));
      if (to === undefined) {
        context.report({ node, messageId: 'outside', data: { path: target } });
      } else if (from !== to) {
        const unknown = [from, to].find((name) => rankOf(name) === -1);
        if (unknown !== undefined) {
          context.report({ node, messageId: 'unknown', data: { name: unknown } });
        } else if (rankOf(to) >= rankOf(from)) {
          const allowed = [...layers.slice(0, rankOf(from)).flat(), from].join(', ');
          context.report({ node, messageId: 'upward', data: { from, to, allowed } });
        }
      }
    });
  },
};

const portsRule = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      port: "'{{name}}' reaches outside: use a port of lib/host/ports.ts (types may be imported with `import type`).",
    },
  },
  create(context) {
    return onImports((node, source) => {
      const names = outsideModules.get(source.replace(/^node:/, ''));
      if (
        names === undefined ||
        node.importKind === 'type' ||
        node.exportKind === 'type' ||
        node.type === 'TSImportType'
      )
        return;
      for (const name of importedNames(node)) {
        if (name === '*' || names === null || names.includes(name)) {
          context.report({ node, messageId: 'port', data: { name: name === '*' ? source : `${source} ${name}` } });
          return;
        }
      }
    });
  },
};

/** 'storage' for lib/storage/..., 'main.ts' for lib/main.ts, undefined outside of lib/. */
function folderInLib(path) {
  const [top, name] = path.split(sep);
  return top === 'lib' ? name : undefined;
}

/** The names that a node imports or exports again; '*' stands for the whole module. */
function importedNames(node) {
  const names = (node.specifiers ?? []).map((specifier) => {
    const name = specifier.type === 'ImportSpecifier' ? specifier.imported : specifier.local;
    return specifier.type.endsWith('DefaultSpecifier') || specifier.type.endsWith('NamespaceSpecifier')
      ? '*'
      : name.name;
  });
  return names.length === 0 ? ['*'] : names;
}

/** A visitor that calls `check(node, source)` for everything that names a module. */
function onImports(check) {
  const visit = (node) => {
    if (typeof node.source?.value === 'string') check(node, node.source.value);
  };
  return {
    ImportDeclaration: visit,
    ImportExpression: visit,
    ExportAllDeclaration: visit,
    ExportNamedDeclaration: visit,
    TSImportType: visit,
  };
}

export default { rules: { layers: layersRule, ports: portsRule } };
