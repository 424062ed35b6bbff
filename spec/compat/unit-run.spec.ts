import { expect } from 'chai';
import { endsTest, parseUnitRun } from '../../scripts/compat/unit-run.js';

describe('parseUnitRun', () => {
  it('reads passes, failures with their explanation, and held tests', () => {
    const run = parseUnitRun(
      [
        'Starting test server at port 21079',
        '[ready]: 4242',
        'Testing unit/type/incr',
        '[ok]: INCR against (some) key (12 ms)',
        '[err]: INCR fails in style in tests/unit/type/incr.tcl',
        "Expected 'a' to be equal to 'b' (context: type eval line 3)",
        '    while executing',
        '[skip]: INCR is held',
        '[ignore]: Not supported on external server',
        '[ok]: INCR again (0 ms)',
        '[1/1 done]: unit/type/incr (1 seconds)',
        '',
        '                   The End',
        '',
        '!!! WARNING The following tests failed:',
        '',
        '*** [err]: INCR fails in style in tests/unit/type/incr.tcl',
        '[ok]: said again (0 ms)',
      ].join('\n'),
    );
    expect(run).to.deep.equal({
      tests: [
        { name: 'INCR against (some) key', passed: true, message: '' },
        {
          name: 'INCR fails in style',
          passed: false,
          message: "Expected 'a' to be equal to 'b' (context: type eval line 3)\n    while executing",
        },
        { name: 'INCR again', passed: true, message: '' },
      ],
      held: ['INCR is held'],
      aborts: [],
      hungIn: null,
      completed: true,
    });
  });

  it('leaves out the beheaded first line of what is said of an error reply', () => {
    const run = parseUnitRun(
      "[err]: A in tests/unit/a.tcl\nn command 'x'\nERR unknown command 'x'\n    while executing\n",
    );
    expect(run.tests[0]?.message).to.equal("ERR unknown command 'x'\n    while executing");
  });

  it('tells an error outside any test from a failed test', () => {
    const run = parseUnitRun(
      '[ok]: A (1 ms)\n[err]: unknown command\n    while executing\n"r foo"\n[1/1 done]: u (0 seconds)\n',
    );
    expect(run.tests.map((test) => test.name)).to.deep.equal(['A']);
    expect(run.aborts).to.deep.equal(['unknown command\n    while executing\n"r foo"']);
  });

  it('takes an exception for an end before the last line', () => {
    const run = parseUnitRun('[ok]: A (1 ms)\n[exception]: Executing test client: ERR no.\nERR no\n');
    expect(run.aborts).to.deep.equal(['Executing test client: ERR no.\nERR no\n']);
    expect(run.completed).to.equal(false);
  });

  it('names the test that the runner gave up on', () => {
    const run = parseUnitRun(
      '[ok]: A (1 ms)\n[TIMEOUT]: clients state report follows.\nsock5 => (IN PROGRESS) B (or so)\n\n                   The End\n',
    );
    expect(run.hungIn).to.equal('B (or so)');
    expect(run.completed).to.equal(false);
  });

  it('finds nothing in nothing', () => {
    expect(parseUnitRun('')).to.deep.equal({ tests: [], held: [], aborts: [], hungIn: null, completed: false });
  });
});

describe('endsTest', () => {
  it('is true of the two lines that end a test, and of no other', () => {
    const lines = ['[ok]: A (1 ms)', '[err]: A in tests/unit/a.tcl', '[skip]: A', '*** [err]: A', 'A [ok]: '];
    expect(lines.map(endsTest)).to.deep.equal([true, true, false, false, false]);
  });
});
