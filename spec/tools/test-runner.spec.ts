import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '../../scripts/tools/repository-root.js';

/** A repository in a temporary folder, with the real scripts, settings and packages, and specs of its own. */
class SmallRepository {
  readonly folder = mkdtempSync(join(tmpdir(), 'ringkv-tools-'));

  constructor() {
    const root = repositoryRoot();
    for (const name of ['conf', 'package.json', 'package-lock.json']) {
      cpSync(join(root, name), join(this.folder, name), { recursive: true });
    }
    const isScript = (path: string): boolean => !path.endsWith('.ts');
    cpSync(join(root, 'scripts'), join(this.folder, 'scripts'), { recursive: true, filter: isScript });
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
    const settings = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as { compilerOptions: object };
    // Types are not what is tested here; without them the compiler takes a second less.
    const compilerOptions = { ...settings.compilerOptions, types: [], lib: ['ES5'], noCheck: true };
    this.write('tsconfig.json', JSON.stringify({ ...settings, compilerOptions }));
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  remove(path: string): void {
    rmSync(join(this.folder, path), { recursive: true });
  }

  /** Runs a script of the repository. `ci` is what the variable CI says. */
  run(script: string, args: string[], ci = 'false'): { status: number | null; lines: string[]; output: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(this.folder, 'scripts', script), ...args], {
      encoding: 'utf8',
      env: { ...process.env, CI: ci },
    });
    return { status, lines: stdout.trimEnd().split('\n'), output: stdout + stderr };
  }

  test(args: string[] = [], ci?: string): { status: number | null; last: string; output: string } {
    const { status, lines, output } = this.run('test.mjs', args, ci);
    return { status, last: lines.at(-1) ?? '', output };
  }
}

describe('scripts/test.mjs', function () {
  this.timeout(60_000);

  let repository: SmallRepository;

  beforeEach(() => {
    repository = new SmallRepository();
    repository.write('spec/base/one.spec.ts', "it('one', () => {}); it('two', () => {});");
  });

  afterEach(() => {
    repository.remove('.');
  });

  it('runs every folder of spec/ and adds up the counts', () => {
    repository.write('spec/wire/deep/three.spec.ts', "it('three', () => {}); it.skip('four', () => {});");
    repository.write('spec/helpers/none.ts', 'export {};');
    const { status, last, output } = repository.test();
    expect(last).to.equal('3 passed, 0 failed, 1 skipped');
    expect(output)
      .to.match(/^base +\d+\.\d +2 +0 +0$/m)
      .and.match(/^wire +\d+\.\d +1 +0 +1$/m);
    expect(output).not.to.match(/^helpers /m);
    expect(status).to.equal(0);
  });

  it('runs two groups at a time where there are two processors, and prints what each has printed in one piece', () => {
    const meets = (other: string): string => `
      import { existsSync, writeFileSync } from 'node:fs';
      it('meets ${other}', async () => {
        writeFileSync(import.meta.dirname + '/begun', '');
        const lateMs = Date.now() + 2000;
        while (!existsSync(import.meta.dirname + '/../${other}/begun') && Date.now() < lateMs) {
          console.log('waits for ${other}');
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        console.log(Date.now() < lateMs ? 'met' : 'missed', '${other}');
      });
    `;
    repository.remove('spec/base');
    repository.write('spec/one/meets.spec.ts', meets('two'));
    repository.write('spec/two/meets.spec.ts', meets('one'));
    const { status, output } = repository.test();
    expect(status).to.equal(0);
    const blocks = output.split(/^=== /m).slice(1);
    expect(blocks).to.have.lengthOf(2);
    for (const block of blocks) {
      const other = block.startsWith('one') ? 'two' : 'one';
      expect(block).not.to.match(other === 'two' ? /(for|met|missed) one/ : /(for|met|missed) two/);
      if (availableParallelism() > 1) expect(block).to.include(`met ${other}`);
    }
  });

  it('runs the named group only, and passes --grep on', () => {
    repository.write('spec/wire/bad.spec.ts', "it('bad', () => { throw new Error('bad'); });");
    expect(repository.test(['base'])).to.include({ status: 0, last: '2 passed, 0 failed, 0 skipped' });
    expect(repository.test(['--grep', 'tw'])).to.include({ status: 0, last: '1 passed, 0 failed, 0 skipped' });
    expect(repository.test(['nonsense']).output).to.include("no group 'nonsense'");
  });

  it('refuses a spec that is in no group', () => {
    repository.write('spec/lost.spec.ts', "it('lost', () => {});");
    const { status, output } = repository.test();
    expect(status).to.equal(1);
    expect(output).to.include('spec/lost.spec.ts is in no group');
  });

  it('fails when a test fails, and runs the other groups still', () => {
    repository.write('spec/aaa/bad.spec.ts', "it('bad', () => { throw new Error('bad'); });");
    repository.write('spec/zzz/good.spec.ts', "it('good', () => {});");
    expect(repository.test()).to.include({ status: 1, last: '3 passed, 1 failed, 0 skipped' });
  });

  it('fails when no test ran', () => {
    expect(repository.test(['--grep', 'nothing like this'])).to.include({
      status: 1,
      last: '0 passed, 0 failed, 0 skipped',
    });
  });

  it('fails when a group dies before its end', () => {
    repository.write('spec/wire/dies.spec.ts', "it('dies', () => { process.exit(0); });");
    const { status, last, output } = repository.test();
    expect({ status, last }).to.deep.equal({ status: 1, last: '2 passed, 1 failed, 0 skipped' });
    expect(output).to.include('=== wire ended with code 0');
  });

  it('fails when a spec cannot be loaded', () => {
    repository.write('spec/wire/broken.spec.ts', "throw new Error('cannot be loaded');");
    expect(repository.test()).to.include({ status: 1, last: '2 passed, 1 failed, 0 skipped' });
  });

  it('counts skipped and lone tests as failures with CI=true', () => {
    repository.write('spec/wire/skipped.spec.ts', "it.skip('skipped', () => {});");
    expect(repository.test([], 'true')).to.include({ status: 1, last: '2 passed, 1 failed, 0 skipped' });
    repository.write('spec/wire/skipped.spec.ts', "it('skips itself', function () { this.skip(); });");
    expect(repository.test([], 'true')).to.include({ status: 1, last: '2 passed, 1 failed, 0 skipped' });
    repository.write('spec/wire/skipped.spec.ts', "it.only('lone', () => {});");
    expect(repository.test([], 'true')).to.include({ status: 1, last: '2 passed, 1 failed, 0 skipped' });
  });

  it('draws the same each time, unless it is told another seed, and says which', () => {
    const draws = `
      import fc from 'fast-check';
      it('draws', () => console.log('drawn', fc.sample(fc.nat(), 1)[0]));
    `;
    repository.write('spec/base/draws.spec.ts', draws);
    const drawn = (...args: string[]): string[] => {
      const { output } = repository.test(args);
      return [/^drawn (\d+)$/m, /^The seed was (-?\d+): /m].map((pattern) => pattern.exec(output)?.[1] ?? '');
    };
    const usual = drawn();
    expect(drawn()).to.deep.equal(usual);
    const [number, seed] = drawn('--seed', 'random');
    expect(number).not.to.equal(usual[0]);
    expect(drawn('--seed', seed)).to.deep.equal([number, seed]);
    expect(repository.test(['--seed', '1.5']).output).to.include(
      "--seed must be 'random' or a whole number of 32 bits",
    );
  });

  it('does not run a spec whose source was deleted', () => {
    repository.write('spec/base/gone.spec.ts', "it('gone', () => {});");
    expect(repository.test().last).to.equal('3 passed, 0 failed, 0 skipped');
    repository.remove('spec/base/gone.spec.ts');
    expect(repository.test().last).to.equal('2 passed, 0 failed, 0 skipped');
  });
});

describe('scripts/run.mjs', function () {
  this.timeout(60_000);

  let repository: SmallRepository;

  beforeEach(() => {
    repository = new SmallRepository();
  });

  afterEach(() => {
    repository.remove('.');
  });

  it('builds, passes arguments on and ends with the code of the program', () => {
    repository.write('lib/main.ts', 'console.log(process.argv.slice(2).join(" ")); process.exitCode = 7;');
    expect(repository.run('run.mjs', ['lib/main.js', '--port', '7000'])).to.deep.include({
      status: 7,
      lines: ['--port 7000'],
    });
  });

  it('compiles again what has changed, and puts the executable together anew', () => {
    repository.write('lib/main.ts', "import { text } from './text.js'; console.log(text);");
    repository.write('lib/text.ts', "export const text = 'before';");
    expect(repository.run('run.mjs', ['bin/ringkv.js']).lines).to.deep.equal(['before']);
    repository.write('lib/text.ts', "export const text = 'afterwards';");
    expect(repository.run('run.mjs', ['bin/ringkv.js']).lines).to.deep.equal(['afterwards']);
  });

  it('puts the executable together again that somebody has deleted', () => {
    repository.write('lib/main.ts', "console.log('there');");
    expect(repository.run('run.mjs', ['bin/ringkv.js']).lines).to.deep.equal(['there']);
    repository.remove('dist/bin');
    expect(repository.run('run.mjs', ['bin/ringkv.js']).lines).to.deep.equal(['there']);
  });

  it('says which program there is not', () => {
    repository.write('lib/other.ts', 'export {};');
    const { status, output } = repository.run('run.mjs', ['lib/main.js']);
    expect(status).to.equal(1);
    expect(output).to.equal('ringkv: compiling\nringkv: there is no lib/main.ts\n');
  });
});
