/** What COMMAND DOCS tells about the commands of places: rows of docs.ts. */

import type { Deprecation, DocRow } from './docs.js';

const EACH = 'O(M*log(N)), N being the number of members and M that of those given';
const SEARCH = 'O(N+log(M)), N being the number of members in the squares that cover the area and M that of all';

export const GEO_DOCS: readonly DocRow[] = [
  ['geoadd', '3.2.0', EACH, 'Adds places, or moves them.'],
  ['geodist', '3.2.0', 'O(1)', 'Returns the distance between two places.'],
  ['geohash', '3.2.0', EACH, 'Returns places as standard geohashes.'],
  ['geopos', '3.2.0', EACH, 'Returns the longitudes and latitudes of places.'],
  ['georadius', '3.2.0', SEARCH, 'Returns or stores the places within a distance of a longitude and latitude.'],
  ['georadius_ro', '3.2.10', SEARCH, 'Returns the places within a distance of a longitude and latitude.'],
  ['georadiusbymember', '3.2.0', SEARCH, 'Returns or stores the places within a distance of one of them.'],
  ['georadiusbymember_ro', '3.2.10', SEARCH, 'Returns the places within a distance of one of them.'],
  ['geosearch', '6.2.0', SEARCH, 'Returns the places within a circle or a box.'],
  ['geosearchstore', '6.2.0', SEARCH, 'Stores the places within a circle or a box.'],
];

export const GEO_DEPRECATIONS: readonly (readonly [string, Deprecation])[] = [
  ['georadius', { since: '6.2.0', replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument' }],
  ['georadius_ro', { since: '6.2.0', replacedBy: '`GEOSEARCH` with the `BYRADIUS` argument' }],
  [
    'georadiusbymember',
    { since: '6.2.0', replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments' },
  ],
  [
    'georadiusbymember_ro',
    { since: '6.2.0', replacedBy: '`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments' },
  ],
];
