import { c } from '../table.ts';

/** Beside every free text: what policy masks in it. */
export const PERSONAL_SPANS = c.list(
  'people named in the free texts of the row, each as `column:start-end:kind` in Unicode code points from 0; ' +
    'an empty list for none, NULL when nobody has looked, and then the whole text counts as personal',
  { null: true, derived: true },
);
