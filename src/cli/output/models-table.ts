import type { ModelDetail, ModelInfo } from '../../node/index.ts';
import { oneLine } from './text.ts';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** One line a model; one that is in use has a star. */
export function renderTable(models: readonly ModelInfo[]): string[] {
  const width = Math.max(0, ...models.map((model) => model.name.length));
  const kinds = Math.max(0, ...models.map((model) => (model.kind ?? '?').length));
  return models.map((model) => {
    const { name, kind, licence, fault, pinned, shipped, runtime } = model;
    const head = `${model.in_use ? '*' : ' '} ${name.padEnd(width)}  ${(kind ?? '?').padEnd(kinds)}`;
    if (fault !== null) return `${head}  unusable: ${oneLine(fault.detail)}`;
    const notes = [pinned ? 'pinned' : '', shipped ? 'ships with Fractal' : ''].filter((one) => one !== '');
    const size = runtime === 'endpoint' ? 'endpoint' : megabytes(model.bytes);
    return `${head}  ${size}  ${oneLine(licence ?? '')}${notes.length === 0 ? '' : `  (${notes.join(', ')})`}`;
  });
}

/** All that is known of a model. */
export function detailLines(model: ModelDetail): string[] {
  const { card, measured, fault } = model;
  const rows: [string, string | null][] = [
    ['kind', model.kind],
    ['licence', model.licence],
    ['runtime', model.runtime === null ? null : `${model.runtime} (${model.format})`],
    ['dimensions', model.dimension === null ? null : String(model.dimension)],
    ['context', model.context_tokens === null ? null : `${model.context_tokens} tokens`],
    ['size', megabytes(model.bytes)],
    ['memory', `${megabytes(model.ram_bytes_needed)} needed to load it`],
    ['sha256', model.sha256],
    ['state', stateOf(model)],
    ['purpose', card?.purpose ?? null],
    ['data', card?.data ?? null],
  ];
  return [
    oneLine(`${model.id} ${model.version}`),
    ...rows.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(11)} ${oneLine(value)}`])),
    ...(card?.figures ?? []).map((line) => `  ${'figure'.padEnd(11)} ${oneLine(line)}`),
    ...(card?.limits ?? []).map((line) => `  ${'limit'.padEnd(11)} ${oneLine(line)}`),
    ...model.files.map(
      ({ path, bytes, sha256 }) => `  ${'file'.padEnd(11)} ${oneLine(path)}  ${bytes} bytes  ${sha256}`,
    ),
    ...(measured === null
      ? [`  ${'speed'.padEnd(11)} not measured here: \`fractal models measure ${model.name}\``]
      : [
          `  ${'speed'.padEnd(11)} on ${oneLine(measured.processor)}, ${measured.cores} cores, ${measured.at.slice(0, 10)}`,
          `  ${''.padEnd(11)} loaded in ${measured.load_ms} ms, ${megabytes(measured.ram_bytes)} more memory`,
          ...measured.figures.map(({ name, value, unit }) => `  ${''.padEnd(11)} ${name}: ${value} ${unit}`),
        ]),
    ...(fault === null
      ? []
      : [`  ${'unusable'.padEnd(11)} ${oneLine(fault.detail)}. ${oneLine(fault.cure)}`]),
  ];
}

function stateOf({ in_use, pinned, shipped }: ModelInfo): string {
  return [
    in_use ? 'in use' : 'not in use',
    ...(pinned ? ['pinned'] : []),
    ...(shipped ? ['ships with Fractal'] : []),
  ].join(', ');
}
