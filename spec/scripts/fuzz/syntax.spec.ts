import { expect } from 'chai';
import { isKind } from '../../../scripts/fuzz/arguments.js';
import { COMMAND_SYNTAX } from '../../../scripts/fuzz/command-syntax.js';
import { parseSyntax, wordsOf } from '../../../scripts/fuzz/syntax.js';

const word = (text: string): object => ({ kind: 'word', word: text });

describe('parseSyntax', () => {
  it('reads words, options, choices and repetitions', () => {
    expect(parseSyntax('key [NX|EX seconds] (field value)... [GET]...')).to.deep.equal({
      kind: 'sequence',
      items: [
        word('key'),
        {
          kind: 'optional',
          item: { kind: 'choice', options: [word('NX'), { kind: 'sequence', items: [word('EX'), word('seconds')] }] },
        },
        { kind: 'repeated', item: { kind: 'sequence', items: [word('field'), word('value')] } },
        { kind: 'optional', item: { kind: 'repeated', item: word('GET') } },
      ],
    });
    expect(parseSyntax(' key ')).to.deep.equal(word('key'));
    expect(parseSyntax('')).to.deep.equal({ kind: 'sequence', items: [] });
  });

  it('refuses what is not complete, or too much', () => {
    expect(() => parseSyntax('key [NX')).to.throw("expected ']', found the end in 'key [NX'");
    expect(() => parseSyntax('key )')).to.throw("unexpected ')' in the syntax 'key )'");
    expect(() => parseSyntax('... key')).to.throw('expected an item');
    expect(() => parseSyntax('key . value')).to.throw("cannot read the syntax 'key . value'");
  });
});

describe('COMMAND_SYNTAX', () => {
  it('names no kind of argument that there is none of', () => {
    for (const [name, syntax] of COMMAND_SYNTAX) {
      // A lower-case word that is no kind would be sent as it stands: `default` in ACL GETUSER is meant.
      const unknown = wordsOf(syntax).filter((each) => /^[a-z]/.test(each) && !isKind(each) && each !== 'default');
      expect(unknown, name).to.deep.equal([]);
    }
  });
});
