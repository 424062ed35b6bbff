import { expect } from 'chai';
import fc from 'fast-check';

import { ConfigError } from '../../lib/base/errors.js';
import { Config } from '../../lib/config/config.js';
import { KEYSPACE_EVENT } from '../../lib/config/keyspace-events.js';
import { parseCommandLine, parseConfigText } from '../../lib/config/parse.js';
import { filesOf } from './files.js';

const MACHINE = { totalMemoryBytes: 8 * 1024 ** 3 };

function fromText(text: string): Config {
  return new Config(MACHINE, parseConfigText(text, 'ringkv.conf', filesOf({})));
}

function fromArgs(...args: string[]): Config {
  const line = parseCommandLine(args, filesOf({}));
  if (line.action !== 'serve') throw new Error(line.action);
  return new Config(MACHINE, line.directives);
}

function valueOf(config: Config, name: string): string {
  return config.get([name])[0][1];
}

function failed(name: string, reason: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
}

describe('Config', () => {
  it('begins with the defaults', () => {
    const config = new Config(MACHINE);
    expect(config.port).equal(6379);
    expect(config.bind).deep.equal(['127.0.0.1', '-::1']);
    expect(config.dir).equal('./data');
    expect(config.appendonly).equal(true);
    expect(config.appendfsync).equal('everysec');
    expect(config.maxmemoryBytes).equal(4 * 1024 ** 3);
    expect(config.clientOutputBufferLimits.pubsub).deep.equal({
      hardBytes: 32 * 1024 ** 2,
      softBytes: 8 * 1024 ** 2,
      softSeconds: 60,
    });
    expect(config.latencyTrackingInfoPercentiles).deep.equal([50, 99, 99.9]);
    expect(config.warnings).deep.equal([]);
    expect(config.renamedCommands.size).equal(0);
  });

  it('lets later lines win, and flags last', () => {
    expect(fromText('port 1\nport 2').port).equal(2);
    const files = filesOf({ 'a.conf': 'port 1\ntimeout 9' });
    const line = parseCommandLine(['a.conf', '--PORT', '7000'], files);
    if (line.action !== 'serve') throw new Error(line.action);
    const config = new Config(MACHINE, line.directives);
    expect([config.port, config.timeoutSeconds]).deep.equal([7000, 9]);
  });

  it('gathers the lines of save and of client-output-buffer-limit', () => {
    expect(valueOf(fromText('save 900 1\nsave "300 10"\n'), 'save')).equal('900 1 300 10');
    expect(valueOf(fromText('save 900 1\nsave ""\nsave 300 10'), 'save')).equal('300 10');
    expect(valueOf(fromArgs('--save', '900', '1', '--save', '60 2'), 'save')).equal('900 1 60 2');
    expect(valueOf(fromArgs('--save', '900', '1', '--save'), 'save')).equal('');
    const limits = fromText('client-output-buffer-limit normal 1 2 3\nclient-output-buffer-limit replica 4 5 6');
    expect(valueOf(limits, 'client-output-buffer-limit')).equal('normal 1 2 3 slave 4 5 6 pubsub 33554432 8388608 60');
  });

  it('takes lists as words or as one text', () => {
    expect(fromText('bind 10.0.0.1 ::1').bind).deep.equal(['10.0.0.1', '::1']);
    expect(fromText('bind "10.0.0.1 ::1"').bind).deep.equal(['10.0.0.1', '::1']);
    expect(fromText('bind ""').bind).deep.equal([]);
    expect(fromText('bind').bind).deep.equal([]);
  });

  it('keeps a password byte by byte, and decodes a path', () => {
    const config = fromText('requirepass "p\xc3\xa4ss \\xff"\ndir d\xc3\xa4ta');
    expect(config.requirepass).equal('p\xc3\xa4ss \xff');
    expect(config.dir).equal('däta');
    expect(valueOf(config, 'dir')).equal('d\xc3\xa4ta');
  });

  it('knows renamed commands, in order', () => {
    const config = fromText('rename-command FLUSHALL ""\nrename-command Debug xyz');
    expect([...config.renamedCommands]).deep.equal([
      ['flushall', ''],
      ['debug', 'xyz'],
    ]);
    expect(() => fromText('rename-command get')).throw(
      ConfigError,
      "ringkv.conf:1: rename-command: expected a command and its new name, or '', got 1 words",
    );
    expect(() => fromText('rename-command get a\nrename-command GET b')).throw(
      ConfigError,
      "ringkv.conf:2: rename-command: 'get' has been renamed before",
    );
  });

  describe('at start', () => {
    it('names place, expectation and value of what cannot be read', () => {
      const cases: [text: string, message: string][] = [
        ['port abc', "ringkv.conf:1: port: expected a whole number from 0 to 65535, got 'abc'"],
        ['\n\nPORT 70000', "ringkv.conf:3: port: expected a whole number from 0 to 65535, got '70000'"],
        ['timeout', 'ringkv.conf:1: timeout: expected a whole number from 0 to 2147483647, got nothing'],
        ['timeout 5 # six', 'ringkv.conf:1: timeout: expected a whole number from 0 to 2147483647, got 3 words'],
        ['appendonly maybe', "ringkv.conf:1: appendonly: expected 'yes' or 'no', got 'maybe'"],
        ['appendfsync x', "ringkv.conf:1: appendfsync: expected one of everysec, always, no, got 'x'"],
        [
          'proto-max-bulk-len 1k',
          "ringkv.conf:1: proto-max-bulk-len: expected a size in bytes of at least 1mb, as a number alone or with a unit: k, kb, m, mb, g, gb, got '1k'",
        ],
        ['save 900', "ringkv.conf:1: save: expected pairs of seconds (from 1) and changes (from 0), got '900'"],
        ['slave-priority x', "ringkv.conf:1: slave-priority: expected a whole number from 0 to 2147483647, got 'x'"],
        [
          'loglevel caf\xc3\xa9',
          "ringkv.conf:1: loglevel: expected one of debug, verbose, notice, warning, got 'café'",
        ],
      ];
      for (const [text, message] of cases) {
        expect(() => fromText(text), text)
          .throw(ConfigError)
          .property('message')
          .equal(message);
      }
      expect(() => fromArgs('--hz', 'x')).throw(ConfigError, /^command line: hz: expected .*, got 'x'$/);
    });

    it('suggests the closest name for one that it does not know', () => {
      const cases: [text: string, message: string][] = [
        ['maxmemry 1gb', "ringkv.conf:1: unknown option 'maxmemry', did you mean 'maxmemory'?"],
        [
          'set-max-listpack-entries 5',
          "ringkv.conf:1: unknown option 'set-max-listpack-entries', did you mean 'zset-max-listpack-entries'?",
        ],
        ['frobnicate yes', "ringkv.conf:1: unknown option 'frobnicate'"],
        ['includes x', "ringkv.conf:1: unknown option 'includes', did you mean 'include'?"],
        ['__proto__ x', "ringkv.conf:1: unknown option '__proto__'"],
      ];
      for (const [text, message] of cases) {
        expect(() => fromText(text), text)
          .throw(ConfigError)
          .property('message')
          .equal(message);
      }
    });

    it('shows no secret', () => {
      for (const text of [
        'requirepass hunter2 x',
        'masterauth hunter2 x',
        'requirepas hunter2',
        'requirepass=hunter2',
      ]) {
        expect(() => fromText(text), text)
          .throw(ConfigError)
          .property('message')
          .not.match(/hunter2/);
      }
      expect(() => fromArgs('--requirepass=hunter2')).throw(
        ConfigError,
        "command line: unknown option 'requirepass=...': expected the name and the value parted by a space",
      );
    });

    it('refuses what would be dangerous to ignore', () => {
      expect(() => fromText('user default off')).throw(ConfigError, 'ringkv.conf:1: user: users cannot be defined yet');
      expect(() => fromText('aclfile users.acl')).throw(ConfigError, 'ringkv.conf:1: aclfile: users cannot');
      expect(() => fromText('loadmodule x.so')).throw(ConfigError, 'ringkv.conf:1: loadmodule: Redis modules');
    });

    it('warns once of each option that has no effect, and keeps its value', () => {
      const config = fromText('save 900 1\nsave 300 10\nslave-priority 5\nrdbcompression yes\nio-threads 4');
      expect(config.warnings).deep.equal([
        'ringkv.conf:1: save has no effect: there are no RDB files',
        'ringkv.conf:3: slave-priority has no effect: replicas are members of the ring, not followers of a master',
        'ringkv.conf:4: rdbcompression has no effect: there are no RDB files',
        'ringkv.conf:5: io-threads has no effect: one thread runs the commands, helpers are started as needed',
      ]);
      expect(valueOf(config, 'replica-priority')).equal('5');
      expect(fromText('list-max-ziplist-entries 5').warnings).deep.equal([
        'ringkv.conf:1: list-max-ziplist-entries has no effect: Redis ignores it too',
      ]);
    });

    it('does not warn where what is asked for is what happens', () => {
      const text = 'daemonize no\nsupervised no\nio-threads 1\nsave ""\nreplicaof no one\ntls-port 0\naclfile ""';
      expect(fromText(text).warnings).deep.equal([]);
      expect(fromText('daemonize yes').warnings).deep.equal([
        'ringkv.conf:1: daemonize has no effect: run ringkv under a supervisor such as systemd',
      ]);
    });
  });

  describe('get', () => {
    const config = fromText('replica-priority 7\nport 7000');

    it('answers names as they were asked for, older names and hidden options too', () => {
      expect(config.get(['PORT'])).deep.equal([['PORT', '7000']]);
      expect(config.get(['slave-priority'])).deep.equal([['slave-priority', '7']]);
      expect(config.get(['watchdog-period'])).deep.equal([['watchdog-period', '0']]);
      expect(config.get(['foo'])).deep.equal([]);
      expect(config.get(['repl\\ica-priority'])).deep.equal([]);
    });

    it('answers patterns with every name that matches, hidden options apart', () => {
      expect(config.get(['p[o]R?'])).deep.equal([['port', '7000']]);
      expect(config.get(['*-priority'])).deep.equal([
        ['replica-priority', '7'],
        ['slave-priority', '7'],
      ]);
      expect(config.get(['watchdog*', 'rdb-key*'])).deep.equal([]);
      expect(config.get(['*'])).lengthOf.above(190);
    });

    it('answers each name once', () => {
      expect(config.get(['port', 'por*', 'PORT', 'timeout', 'port'])).deep.equal([
        ['port', '7000'],
        ['timeout', '0'],
      ]);
    });
  });

  describe('set', () => {
    it('changes fields and answers', () => {
      const config = new Config(MACHINE);
      expect(
        config.set([
          ['MAXMEMORY', '100mb'],
          ['appendfsync', 'ALWAYS'],
          ['notify-keyspace-events', 'Kx'],
          ['lua-time-limit', '9'],
        ]),
      ).equal(undefined);
      expect(config.maxmemoryBytes).equal(100 * 1024 ** 2);
      expect(config.appendfsync).equal('always');
      expect(config.notifyKeyspaceEvents).equal(KEYSPACE_EVENT.keyspaceChannel | KEYSPACE_EVENT.expired);
      expect(config.busyReplyThresholdMs).equal(9);
      expect(config.get(['maxmemory', 'appendfsync', 'busy-reply-threshold'])).deep.equal([
        ['maxmemory', '104857600'],
        ['appendfsync', 'always'],
        ['busy-reply-threshold', '9'],
      ]);
    });

    it('answers errors in the words of Redis', () => {
      const unknown = (name: string) => `ERR Unknown option or number of arguments for CONFIG SET - '${name}'`;
      const integer = "argument couldn't be parsed into an integer";
      const cases: [pairs: [string, string][], error: string][] = [
        [[['foo', 'bar']], unknown('foo')],
        [[['Foo-Bar', 'x']], unknown('Foo-Bar')],
        [[['', 'x']], unknown('')],
        [[['TIMEOUT', 'abc']], failed('timeout', integer)],
        [[['SLAVE-priority', 'x']], failed('slave-priority', integer)],
        [[['port', '70000']], failed('port', 'argument must be between 0 and 65535 inclusive')],
        [[['appendonly', '1']], failed('appendonly', "argument must be 'yes' or 'no'")],
        [[['Daemonize', 'no']], failed('Daemonize', "can't set immutable config")],
        [[['dbfilename', 'x']], failed('dbfilename', "can't set protected config")],
      ];
      const config = new Config(MACHINE);
      for (const [pairs, error] of cases) expect(config.set(pairs), pairs.join()).equal(error);
    });

    it('takes what is settled at the start with the value that it has, and with no other', () => {
      const config = new Config(MACHINE);
      const same = ['cluster-zone', 'cluster-replicas', 'tls-cluster'].map((name): [string, string] => [
        name,
        config.get([name])[0][1],
      ]);
      expect(config.set(same)).equal(undefined);
      expect(config.set([...same, ['CLUSTER-SEEDS', 'a:1']])).equal(
        failed('cluster-seeds', "can't set immutable config"),
      );
      expect(config.clusterSeeds).equal('');
    });

    it('looks at all names before it looks at values', () => {
      const config = new Config(MACHINE);
      const unknown = "ERR Unknown option or number of arguments for CONFIG SET - 'foo'";
      expect(
        config.set([
          ['port', 'zz'],
          ['foo', '1'],
        ]),
      ).equal(unknown);
      expect(
        config.set([
          ['daemonize', 'no'],
          ['foo', '1'],
        ]),
      ).equal(failed('daemonize', "can't set immutable config"));
      expect(
        config.set([
          ['timeout', 'zz'],
          ['TIMEOUT', '1'],
        ]),
      ).equal(failed('TIMEOUT', 'duplicate parameter'));
    });

    it('sets all or nothing', () => {
      const config = new Config(MACHINE);
      const before = config.get(['*']);
      const timeout: [string, string] = ['timeout', '77'];
      expect(config.set([timeout, ['hz', 'abc']])).equal(failed('hz', "argument couldn't be parsed into an integer"));
      expect(config.set([timeout, ['client-output-buffer-limit', 'normal 1 1 1'], ['port', '-1']])).a('string');
      expect(config.get(['*'])).deep.equal(before);
      expect(config.timeoutSeconds).equal(0);
      expect(config.clientOutputBufferLimits.normal.hardBytes).equal(0);
    });

    it('sets an option by two of its names, as Redis does', () => {
      const config = new Config(MACHINE);
      expect(
        config.set([
          ['replica-read-only', 'yes'],
          ['slave-read-only', 'no'],
        ]),
      ).equal(undefined);
      expect(valueOf(config, 'replica-read-only')).equal('no');
    });

    it('lets those change protected options that enable-protected-configs names', () => {
      const pair: [string, string][] = [['dbfilename', 'x.rdb']];
      expect(fromText('enable-protected-configs yes').set(pair)).equal(undefined);
      const local = fromText('enable-protected-configs local');
      expect(local.set(pair)).equal(failed('dbfilename', "can't set protected config"));
      expect(local.set(pair, true)).equal(undefined);
    });

    it('is harmless with any input', () => {
      const config = new Config(MACHINE);
      const name = fc.oneof(fc.string(), fc.constantFrom('maxmemory', 'bind', 'save', '__proto__', 'hz'));
      fc.assert(
        fc.property(fc.array(fc.tuple(name, fc.string())), (pairs) => {
          const before = config.get(['*']);
          if (config.set(pairs) !== undefined) expect(config.get(['*'])).deep.equal(before);
        }),
      );
    });
  });

  describe('onChange', () => {
    it('calls back when a value has changed, with the field already new', () => {
      const config = new Config(MACHINE);
      const seen: number[] = [];
      config.onChange('hz', () => void seen.push(config.hz));
      config.set([['hz', '20']]);
      config.set([['hz', '20']]);
      config.set([['timeout', '1']]);
      config.set([['hz', 'x']]);
      expect(seen).deep.equal([20]);
    });

    it('calls one listener once for all its options', () => {
      const config = new Config(MACHINE);
      let calls = 0;
      const rebind = () => {
        calls++;
        return undefined;
      };
      config.onChange('port', rebind);
      config.onChange('bind', rebind);
      config.set([
        ['port', '7000'],
        ['bind', '127.0.0.1'],
      ]);
      expect(calls).equal(1);
    });

    it('takes everything back when a listener objects, and tells those that had agreed', () => {
      const config = new Config(MACHINE);
      const seen: string[] = [];
      config.onChange('hz', () => void seen.push(`hz ${config.hz}`));
      config.onChange('BIND', () => {
        seen.push(`bind ${config.bind.join()}`);
        return 'Failed to bind to specified addresses.';
      });
      config.onChange('timeout', () => void seen.push(`timeout ${config.timeoutSeconds}`));
      const before = config.get(['*']);
      const pairs: [string, string][] = [
        ['hz', '20'],
        ['Bind', '1.1.1.1'],
        ['timeout', '5'],
      ];
      expect(config.set(pairs)).equal(failed('bind', 'Failed to bind to specified addresses.'));
      expect(seen).deep.equal(['hz 20', 'bind 1.1.1.1', 'hz 10']);
      expect(config.get(['*'])).deep.equal(before);
      expect(config.bind).deep.equal(['127.0.0.1', '-::1']);
    });
  });

  it('takes seeds whose ports, and those of the bus 10000 above them, there are', () => {
    const seeds = '10.0.0.1:55535,[fd00::1]:60000@7946,node-1:1';
    expect(fromArgs('--cluster-seeds', seeds).clusterSeeds).to.equal(seeds);
    for (const wrong of ['node-1', 'node-1:0', 'node-1:60000', 'node-1:6379@0', 'node-1:6379@70000', ',node-1:1']) {
      expect(() => fromArgs('--cluster-seeds', wrong), wrong).to.throw(ConfigError, 'cluster-seeds: ');
    }
  });
});
