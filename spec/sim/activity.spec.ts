import { expect } from 'chai';

import { Activity } from './activity.js';
import { Machine } from './machine.js';
import { World } from './world.js';

describe('Activity', () => {
  it('tells whoever waits of the next moment of a kind, once, reads apart', () => {
    const world = new World(1);
    const [a, b] = ['a', 'b'].map((name, i) => new Machine(world, name, `10.0.0.${i + 1}`));
    const activity = new Activity();
    const told: string[] = [];
    activity.noteCommand('asked', 'SET', a);
    activity.next('asked', ({ name }) => told.push(`asked ${name}`));
    activity.next('answered', ({ name }) => {
      told.push(`answered ${name}`);
      activity.next('answered', (later) => told.push(`then ${later.name}`));
    });
    activity.noteCommand('answered', 'SET', b);
    activity.noteCommand('asked', 'GET', a);
    expect(told).to.deep.equal(['answered b']);
    activity.noteCommand('asked', 'SET', b);
    activity.noteCommand('asked', 'SET', a);
    activity.noteCommand('answered', 'SET', a);
    expect(told).to.deep.equal(['answered b', 'asked b', 'then a']);
  });
});
