import type { ModelInfo } from '../../node/index.ts';

/** One line a model; the one in use has a star. */
export function renderTable(models: readonly ModelInfo[]): string[] {
  const width = Math.max(...models.map((model) => model.name.length));
  return models.map(
    (model) =>
      `${model.in_use ? '*' : ' '} ${model.name.padEnd(width)}  ${model.dimension} dimensions  ` +
      `${(model.bytes / 1e6).toFixed(1)} MB  ${model.licence}${model.shipped ? '  (ships with Fractal)' : ''}`,
  );
}
