import { expect } from 'chai';
import fc from 'fast-check';
import { boxesOf } from '../../lib/data/geo-shape.js';
import { LATITUDE_MAX, boundsOf, distance, geohashText, readPlace, scoreOf, scoresOf } from '../../lib/data/geohash.js';

const PALERMO = { longitude: 13.361389, latitude: 38.115556 };
const CATANIA = { longitude: 15.087269, latitude: 37.502669 };

function placeOf(score: number): { longitude: number; latitude: number } {
  const place = { longitude: 0, latitude: 0 };
  readPlace(score, place);
  return place;
}

describe('geohash', () => {
  it("scoreOf, distance and geohashText give the numbers of Redis's documentation", () => {
    expect(scoreOf(PALERMO.longitude, PALERMO.latitude)).to.equal(3479099956230698);
    expect(scoreOf(CATANIA.longitude, CATANIA.latitude)).to.equal(3479447370796909);
    const from = placeOf(3479099956230698);
    const to = placeOf(3479447370796909);
    expect(distance(from.longitude, from.latitude, to.longitude, to.latitude).toFixed(4)).to.equal('166274.1516');
    expect([geohashText(from), geohashText(to)]).to.deep.equal(['sqc8b49rny0', 'sqdtr74hyu0']);
  });

  it('readPlace gives a place back, to half of a cell', () => {
    // At 180 itself a score has more bits than a double.
    const longitudes = fc.double({ min: -180, max: 180, maxExcluded: true, noNaN: true });
    const latitudes = fc.double({ min: -LATITUDE_MAX, max: LATITUDE_MAX, noNaN: true });
    fc.assert(
      fc.property(longitudes, latitudes, (longitude, latitude) => {
        const place = placeOf(scoreOf(longitude, latitude));
        expect(place.longitude).to.be.closeTo(longitude, 360 / 2 ** 26);
        expect(place.latitude).to.be.closeTo(latitude, 180 / 2 ** 26);
      }),
    );
  });

  it('a place at longitude 180 is found where it is', () => {
    const score = scoreOf(180, 0);
    expect(placeOf(score).longitude).to.equal(180);
    const [middle] = boxesOf({ kind: 'circle', center: placeOf(score), radius: 0 });
    const { first, end } = scoresOf(middle);
    expect(score >= first && score < end).to.equal(true);
    expect(boundsOf(middle).west).to.be.at.least(180);
  });
});
