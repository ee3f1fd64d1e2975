/** Colour, when the terminal wants it. */
type Paint = (text: string) => string;

export interface Style {
  readonly colour: boolean;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

const paint =
  (on: boolean, start: number, end: number): Paint =>
  (text) =>
    on ? `\u001b[${start}m${text}\u001b[${end}m` : text;

export function styleFor(isTty: boolean, env: Readonly<Record<string, string | undefined>>): Style {
  const noColor = env['NO_COLOR'];
  const colour = isTty && (noColor === undefined || noColor === '') && env['TERM'] !== 'dumb';
  return {
    colour,
    bold: paint(colour, 1, 22),
    dim: paint(colour, 2, 22),
    red: paint(colour, 31, 39),
    green: paint(colour, 32, 39),
    yellow: paint(colour, 33, 39),
    cyan: paint(colour, 36, 39),
  };
}
