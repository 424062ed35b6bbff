import { expect } from 'chai';

import { ConfigError } from '../../lib/base/errors.js';
import { parseCommandLine, parseConfigText, placeOf } from '../../lib/config/parse.js';
import type { Directive } from '../../lib/config/parse.js';
import { filesOf } from './files.js';

/** Directives as `place: name word word`, words with spaces in brackets. */
function shown(directives: readonly Directive[]): string[] {
  return directives.map((directive) => {
    const words = directive.words.map((word) => (/^\S+$/.test(word) ? word : `[${word}]`));
    return `${placeOf(directive)}: ${[directive.name, ...words].join(' ')}`;
  });
}

function text(source: string, files: Record<string, string> = {}): string[] {
  return shown(parseConfigText(source, 'ringkv.conf', filesOf(files)));
}

function flags(args: string[], files: Record<string, string> = {}): string[] {
  const line = parseCommandLine(args, filesOf(files));
  if (line.action !== 'serve') throw new Error(line.action);
  return shown(line.directives);
}

describe('parseConfigText', () => {
  it('takes a directive a line, without comments and blank lines', () => {
    expect(text('# a comment with "odd quotes\n\nport 7000\r\n   \t \n  # more\n\tSAVE 900 1\t\n')).deep.equal([
      'ringkv.conf:3: port 7000',
      'ringkv.conf:6: SAVE 900 1',
    ]);
    expect(text('timeout 5')).deep.equal(['ringkv.conf:1: timeout 5']);
    expect(text('')).deep.equal([]);
  });

  it('takes # for a comment at the start of a line only', () => {
    expect(text('requirepass #a\ntimeout 5 # six')).deep.equal([
      'ringkv.conf:1: requirepass #a',
      'ringkv.conf:2: timeout 5 # six',
    ]);
  });

  it('keeps bytes that only look like spaces', () => {
    const [directive] = parseConfigText('requirepass caf\xc3\xa0', 'ringkv.conf', filesOf({}));
    expect(directive.words).deep.equal(['caf\xc3\xa0']);
  });

  it('names the line whose quotes do not close, and does not show it', () => {
    expect(() => text('port 1\nrequirepass "hunter2')).throw(ConfigError, /^ringkv\.conf:2: unbalanced quotes/);
    expect(() => text('requirepass "hunter2"x'))
      .throw(ConfigError)
      .not.match(/hunter2/);
  });

  it('puts an included file in place of the include', () => {
    const files = { 'a.conf': 'hz 20\ninclude "b.conf"\nhz 30', 'b.conf': 'timeout 7' };
    expect(text('port 1\nINCLUDE a.conf\nport 2', files)).deep.equal([
      'ringkv.conf:1: port 1',
      'a.conf:1: hz 20',
      'b.conf:1: timeout 7',
      'a.conf:3: hz 30',
      'ringkv.conf:3: port 2',
    ]);
  });

  it('includes every file that a pattern matches, in order, hidden ones apart', () => {
    const files = {
      'c/2.conf': 'hz 2',
      'c/1.conf': 'hz 1',
      'c/.0.conf': 'hz 0',
      'c/3.txt': 'hz 3',
      'c/d/4.conf': 'hz 4',
    };
    expect(text('include c/*.conf', files)).deep.equal(['c/1.conf:1: hz 1', 'c/2.conf:1: hz 2']);
    expect(text('include c/.?.conf', files)).deep.equal(['c/.0.conf:1: hz 0']);
    expect(text('include none/*.conf', files)).deep.equal([]);
    expect(text('include [12].conf', { '1.conf': 'hz 1', '3.conf': 'hz 3' })).deep.equal(['1.conf:1: hz 1']);
  });

  it('allows a file to be included twice, and stops files that include each other', () => {
    expect(text('include a.conf\ninclude a.conf', { 'a.conf': 'hz 1' })).lengthOf(2);
    const circle = { 'a.conf': '\ninclude b.conf', 'b.conf': 'include ringkv.conf', 'ringkv.conf': 'include a.conf' };
    expect(() => text('include a.conf', circle)).throw(
      ConfigError,
      'b.conf:1: include: the files include each other: ringkv.conf > a.conf > b.conf > ringkv.conf',
    );
    expect(() => text('include ringkv.conf', circle)).throw(ConfigError, 'ringkv.conf:1: include:');
  });

  it('names the line that includes what cannot be read', () => {
    const message = "ringkv.conf:2: cannot read the configuration file 'no.conf': no such file";
    expect(() => text('\ninclude no.conf')).throw(ConfigError, message);
    expect(() => text('include a b')).throw(ConfigError, 'ringkv.conf:1: include: expected one file, got 2 words');
    expect(() => text('include')).throw(ConfigError, 'ringkv.conf:1: include: expected one file, got 0 words');
  });
});

describe('parseCommandLine', () => {
  it('takes nothing', () => {
    expect(parseCommandLine([], filesOf({}))).deep.equal({ action: 'serve', configFile: undefined, directives: [] });
  });

  it('takes a file first, and flags after it', () => {
    const files = filesOf({ 'a.conf': 'port 1\nhz 5' });
    const line = parseCommandLine(['a.conf', '--port', '7000', '--bind', '127.0.0.1', '::1'], files);
    if (line.action !== 'serve') throw new Error(line.action);
    expect(line.configFile).equal('a.conf');
    expect(shown(line.directives)).deep.equal([
      'a.conf:1: port 1',
      'a.conf:2: hz 5',
      'command line: port 7000',
      'command line: bind 127.0.0.1 ::1',
    ]);
    expect(() => flags(['no.conf'])).throw(
      ConfigError,
      "command line: cannot read the configuration file 'no.conf': no such file",
    );
  });

  it('takes words as redis-server does', () => {
    const cases: [args: string[], directives: string[]][] = [
      [['--save', '900', '1', '300', '10'], ['save 900 1 300 10']],
      [
        ['--save', '900 1', '--hz', '5'],
        ['save [900 1]', 'hz 5'],
      ],
      [['--save', ''], ['save []']],
      [['--save'], ['save']],
      [
        ['--save', '--timeout', '5'],
        ['save', 'timeout 5'],
      ],
      [
        ['--list-max-listpack-size', '-2', '--hz', '3'],
        ['list-max-listpack-size -2', 'hz 3'],
      ],
      [
        ['--requirepass', '--secret', '--hz', '3'],
        ['requirepass --secret', 'hz 3'],
      ],
      [
        ['--timeout 5', '--hz', '3'],
        ['timeout 5', 'hz 3'],
      ],
      [['--requirepass', 'a "b'], ['requirepass [a "b]']],
      [['--timeout'], ['timeout']],
    ];
    for (const [args, directives] of cases) {
      const expected = directives.map((directive) => `command line: ${directive}`);
      expect(flags(args), args.join(' ')).deep.equal(expected);
    }
  });

  it('turns arguments into bytes', () => {
    const line = parseCommandLine(['--requirepass', 'é'], filesOf({}));
    if (line.action !== 'serve') throw new Error(line.action);
    expect(line.directives[0].words).deep.equal(['\xc3\xa9']);
  });

  it('includes files by flag', () => {
    expect(flags(['--include', 'a.conf', '--hz', '2'], { 'a.conf': 'hz 1' })).deep.equal([
      'a.conf:1: hz 1',
      'command line: hz 2',
    ]);
  });

  it('answers version and help', () => {
    for (const flag of ['--version', '-v'])
      expect(parseCommandLine([flag], filesOf({}))).deep.equal({ action: 'version' });
    for (const flag of ['--help', '-h']) expect(parseCommandLine([flag], filesOf({}))).deep.equal({ action: 'help' });
    expect(parseCommandLine(['--port', '1', '--version'], filesOf({}))).deep.equal({ action: 'version' });
  });

  it('says what it expects where it gets something else, and shows no words', () => {
    const cases: [args: string[], message: RegExp][] = [
      [['-'], /standard input/],
      [['-x'], /^command line: expected an option such as '--port 6379', got a word without dashes$/],
      [['--'], /^command line: expected the name of an option after '--'$/],
      [['a.conf', 'hunter2'], /without dashes$/],
    ];
    for (const [args, message] of cases) {
      expect(() => flags(args, { 'a.conf': '' }), args.join(' ')).throw(ConfigError, message);
    }
  });
});
