/** Speculative decoding: something cheap guesses the next tokens, the model checks several of them in one step. */
import { badInputError, type FractalError } from '../../base/index.ts';
import type { LlamaLibrary, LlamaModel, Sequence } from './library.ts';

/**
 * Who guesses: a smaller model with the same vocabulary, or the prompt itself (what was copied from it may go on as it
 * does there). The text is the model's own either way.
 */
export type Draft = 'prompt' | { readonly file: string; readonly sha256: string };

/** A guess costs the draft model a step for each token, so it is asked for a few that it is sure of. */
const GUESSED = { minTokens: 2, maxTokens: 6, minConfidence: 0.6 } as const;

export const drafted = (library: LlamaLibrary, sequence: Sequence | undefined): object =>
  sequence === undefined
    ? new library.InputLookupTokenPredictor()
    : new library.DraftSequenceTokenPredictor(sequence, GUESSED);

/** Tokens go from one model to the other by their numbers. Throws `model.draft` unless each means the same to both. */
export function demandSameVocabulary(model: LlamaModel, draft: LlamaModel): void {
  if (model.vocabularyType !== draft.vocabularyType) throw differs('they cut texts by other methods');
  const [ours, theirs] = [[...model.iterateAllTokens()], [...draft.iterateAllTokens()]];
  if (ours.length !== theirs.length) throw differs(`they know ${ours.length} and ${theirs.length} tokens`);
  for (const name of ['bos', 'eos', 'eot'] as const)
    if (model.tokens[name] !== draft.tokens[name]) throw differs(`their ${name} tokens differ`);
  const other = ours.find((id) => model.detokenize([id], true) !== draft.detokenize([id], true));
  if (other !== undefined) throw differs(`token ${other} is another text to each`);
}

const differs = (why: string): FractalError =>
  badInputError(
    'model.draft',
    `the draft model has not the tokenizer of the model it guesses for: ${why}`,
    'Name a smaller model of the same family as draft, or leave it away.',
  );
