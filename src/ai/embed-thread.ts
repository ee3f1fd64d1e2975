/** The embedding model in a thread of its own, started by `thread-embedder.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { asFractalError, nodeFileSystem, type Limits, type Problem } from '../base/index.ts';
import type { ModelFolder } from './model-folder.ts';
import { OnnxEmbedder } from './onnx-embedder.ts';

export interface ThreadData {
  readonly model: ModelFolder;
  readonly limits: Limits;
}

export type EmbedTask =
  | { readonly type: 'embed'; readonly texts: readonly string[]; readonly purpose: 'query' | 'passage' }
  | { readonly type: 'terms'; readonly texts: readonly string[] }
  | { readonly type: 'weights'; readonly ids: Uint16Array }
  | { readonly type: 'likeness'; readonly asked: Uint16Array; readonly found: Uint16Array };

export type EmbedReply = { readonly id: number } & (
  { readonly value: unknown } | { readonly problem: Problem }
);

const { model, limits } = workerData as ThreadData;
const embedder = new OnnxEmbedder({ model, fs: nodeFileSystem, limits });
// Not all that is loaded is the thread's to ask for: a model without terms is never asked for them.
const { terms } = embedder;

async function answer(task: EmbedTask): Promise<unknown> {
  switch (task.type) {
    case 'embed':
      return await embedder.embed(task.texts, task.purpose);
    case 'terms':
      return await terms?.termsOf(task.texts);
    case 'weights':
      return await terms?.weightsOf(task.ids);
    case 'likeness':
      return await terms?.likeness(task.asked, task.found);
  }
}

parentPort?.on('message', (message: { readonly id: number; readonly task: EmbedTask } | 'end') => {
  if (message === 'end') {
    void embedder.unload().finally(() => parentPort?.close());
    return;
  }
  const { id, task } = message;
  answer(task).then(
    (value) => {
      const owned = value instanceof Float32Array && value.byteLength === value.buffer.byteLength;
      const reply: EmbedReply = { id, value };
      parentPort?.postMessage(reply, owned ? [value.buffer as ArrayBuffer] : []);
    },
    (error: unknown) => {
      const reply: EmbedReply = { id, problem: asFractalError(error).toProblem() };
      parentPort?.postMessage(reply);
    },
  );
});
