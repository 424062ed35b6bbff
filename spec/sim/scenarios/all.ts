/** The scenarios, by name. */

import type { Scenario } from '../scenario.js';
import { absences } from './absences.js';
import { cas } from './cas.js';
import { deletes } from './deletes.js';
import { diverging } from './diverging.js';
import { everything } from './everything.js';
import { forgetting } from './forgetting.js';
import { growingRing } from './growing-ring.js';
import { locks } from './locks.js';
import { pipelines } from './pipelines.js';
import { ring } from './ring.js';
import { singleNodes } from './single-nodes.js';

export const scenarios: readonly Scenario[] = [
  singleNodes(),
  diverging(),
  growingRing(),
  ring(),
  cas(),
  locks(),
  pipelines(),
  deletes(),
  absences(),
  forgetting(),
  everything(),
];

/** Throws an error fit for the user if there is none of that name. */
export function findScenario(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found === undefined) {
    throw new Error(`--scenario must be ${scenarios.map((scenario) => scenario.name).join(' or ')}, not '${name}'`);
  }
  return found;
}
