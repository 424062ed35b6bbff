import { expect } from 'chai';
import { spawnSync } from 'node:child_process';

const MODULES = ['run-script', 'script-options'].map(
  (name) => new URL(`../../../scripts/tools/${name}.js`, import.meta.url).href,
);
/** A script that does what its option says. */
const SCRIPT = `
  import { runScript } from '${MODULES[0]}';
  import { readOptions, text } from '${MODULES[1]}';
  await runScript({
    name: 'soak:none',
    usage: 'what it does\\n',
    parse: (args) => readOptions(args, { do: text('well') }),
    run: async ({ do: what }) => {
      if (what === 'fail') throw new Error('it broke off');
      return what === 'well';
    },
  });
`;

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = ['--input-type=module', '--eval', SCRIPT, '--', 'script', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('runScript', () => {
  it('ends with 0 if all is as it must be, with 1 if not', () => {
    expect(run()).to.deep.equal({ status: 0, stdout: '', stderr: '' });
    expect(run('--do', 'badly').status).to.equal(1);
  });

  it('says what makes no sense, and what broke off, and ends with 2', () => {
    expect(run('--do', 'fail')).to.deep.equal({ status: 2, stdout: '', stderr: 'soak:none: it broke off\n' });
    expect(run('--for', '1')).to.deep.include({ status: 2 });
    expect(run('--for', '1').stderr).to.match(/^soak:none: Unknown option '--for'/);
  });

  it('prints its help and does nothing', () => {
    expect(run('--help', '--do', 'fail')).to.deep.equal({ status: 0, stdout: 'what it does\n', stderr: '' });
  });
});
