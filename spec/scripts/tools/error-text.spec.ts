import { expect } from 'chai';
import { errorText } from '../../../scripts/tools/error-text.js';

describe('errorText', () => {
  it('joins the messages of an error and its causes', () => {
    const error = new Error('no server', { cause: new Error('no port', { cause: 'EINVAL' }) });
    expect(errorText(error)).to.equal('no server: no port: EINVAL');
  });
  it('takes anything that was thrown', () => expect(errorText(7)).to.equal('7'));
});
