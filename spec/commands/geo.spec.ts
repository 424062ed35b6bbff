import { expect } from 'chai';
import { Harness } from './harness.js';

/** What random requests beside redis-server find too seldom (see scripts/fuzz). */
describe('geo commands', () => {
  const place = ['FROMLONLAT', 13.361389, 38.115556];
  const member = ['FROMMEMBER', 'Palermo'];
  const circle = ['BYRADIUS', 1, 'KM'];
  const box = ['BYBOX', 1, 1, 'KM'];

  function search(...options: (string | number)[][]): unknown {
    const db = new Harness();
    db.run('GEOADD', 'g', 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania');
    return db.run('GEOSEARCHSTORE', 'to', 'g', ...options.flat());
  }

  it('take an option twice, but not two that contradict each other', () => {
    expect(search(place, place, circle, circle, ['COUNT', 9, 'COUNT', 1, 'STOREDIST', 'STOREDIST'])).to.equal(1);
    expect(search(member, ['FROMMEMBER', 'Catania'], box, box)).to.equal(1);
    expect(() => search(place, member, circle)).to.throw('ERR syntax error');
    expect(() => search(member, place, circle)).to.throw('ERR syntax error');
    expect(() => search(member, box, circle)).to.throw('ERR syntax error');
    expect(() => search(member, circle, box)).to.throw('ERR syntax error');
  });

  it('name a place that does not exist as C writes numbers, -0 too', () => {
    const problem = 'ERR invalid longitude,latitude pair -0.000000,255.000000';
    expect(() => search(['FROMLONLAT', '-0', 255], circle)).to.throw(problem);
  });

  it('answer WITHHASH with the whole number in any score', () => {
    const db = new Harness();
    db.run('GEOADD', 'g', 180, 38.115556, 'edge');
    expect(db.run('GEOSEARCH', 'g', 'FROMMEMBER', 'edge', ...circle, 'WITHHASH')).to.deep.equal([
      ['edge', 10225531505430528n],
    ]);
    db.run('ZADD', 'scores', 1.5, 'a');
    expect(db.run('GEORADIUS', 'scores', 0, 0, 30000, 'KM', 'WITHHASH')).to.deep.equal([['a', 1]]);
  });

  it('know which of two is nearer though both are as far in the unit of the query', () => {
    const db = new Harness();
    db.run('GEOADD', 'g', 46.49717420339584, 20.734907503158972, 'near', 13.827578723430634, 20.734907503158972, 'far');
    db.run('GEOADD', 'g', 30.16237646341324, 20.734907503158972, 'middle');
    const around = ['GEORADIUSBYMEMBER', 'g', 'middle', 1100, 'MI'] as const;
    expect(db.run(...around, 'ASC')).to.deep.equal(['middle', 'near', 'far']);
    expect(db.run(...around, 'DESC')).to.deep.equal(['far', 'near', 'middle']);
  });
});
