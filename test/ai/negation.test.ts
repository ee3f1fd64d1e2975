import assert from 'node:assert/strict';
import { test } from 'node:test';
import { negationFits } from '../../src/ai/ask/negation.ts';

const QUOTE =
  'The employer shall not start the machine unless the energy is isolated and employees are trained.';

const CASES: readonly (readonly [claim: string, evidence: string, fits: boolean])[] = [
  [QUOTE, QUOTE, true],
  ['The employer must not start the machine unless the energy is isolated.', QUOTE, true],
  ["The employer mustn't start the machine unless the energy is isolated.", QUOTE, true],
  ['Starting the machine is prohibited unless the energy is isolated.', QUOTE, true],
  ['No employer may start the machine unless the energy is isolated.', QUOTE, true],
  // The quote has a negation of its own: one that is put elsewhere turns another part round.
  ['The employer shall start the machine unless the energy is not isolated.', QUOTE, false],
  ['The employer shall start the machine unless the energy is isolated.', QUOTE, false],
  ['The employer shall not start the machine unless the energy is not isolated.', QUOTE, false],
  ['The employer shall not not start the machine unless the energy is isolated.', QUOTE, false],
  [
    'Work may begin with authorisation, not later than noon.',
    'Work may begin without authorisation, not later than noon.',
    false,
  ],
  [
    'The valve shall not be closed unless the pump runs.',
    'The valve shall be closed unless the pump runs.',
    false,
  ],
  ['No person shall enter the room.', 'A person must not enter the room.', true],
  ['A person must enter the room.', 'No person shall enter the room.', false],
];

for (const [claim, evidence, fits] of CASES)
  test(`negation: "${claim}" ${fits ? 'fits' : 'does not fit'} "${evidence}"`, () => {
    assert.equal(negationFits(claim, evidence), fits);
  });
