import { expect } from 'chai';
import {
  allOk,
  array,
  bulk,
  first,
  inPlaces,
  itemsOf,
  sum,
  sumOfCopies,
  textOf,
  union,
} from '../../../lib/server/ring/merged-replies.js';

const replies = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text, 'latin1'));
const ERROR = '-ERR no\r\n';

describe('merged-replies', () => {
  it('adds integers, and rounds what was counted at each copy', () => {
    expect(sum(replies(':2\r\n', ':40\r\n')).toString()).to.equal(':42\r\n');
    expect(sumOfCopies(3)(replies(':2\r\n', ':2\r\n', ':1\r\n')).toString()).to.equal(':2\r\n');
  });

  it('has every item once', () => {
    expect(union(replies('*2\r\n$1\r\na\r\n$1\r\nb\r\n', '*1\r\n$1\r\na\r\n')).toString()).to.equal(
      '*2\r\n$1\r\na\r\n$1\r\nb\r\n',
    );
  });

  it('puts items where their keys stood', () => {
    const merged = inPlaces([[0, 2], [1]])(replies('*2\r\n$1\r\na\r\n$-1\r\n', '*1\r\n$1\r\nb\r\n'));
    expect(merged.toString()).to.equal('*3\r\n$1\r\na\r\n$1\r\nb\r\n$-1\r\n');
  });

  it('is an error if one of them is', () => {
    for (const merge of [allOk, first, sum, sumOfCopies(3), union, inPlaces([[0], [1]])]) {
      expect(merge(replies(':1\r\n', ERROR)).toString()).to.equal(ERROR);
    }
  });

  it('takes arrays apart and puts them together', () => {
    const nested = '*2\r\n*1\r\n:1\r\n$2\r\nab\r\n';
    const items = itemsOf(Buffer.from(nested));
    expect(items.map(String)).to.deep.equal(['*1\r\n:1\r\n', '$2\r\nab\r\n']);
    expect(array(items).toString()).to.equal(nested);
    expect(textOf(items[1])).to.equal('ab');
    expect(bulk('ab').equals(items[1])).to.equal(true);
    expect(itemsOf(Buffer.from('*-1\r\n'))).to.deep.equal([]);
  });
});
