export { addModel, readModelFolder } from './model-folder.ts';
export type { ModelFolder, ModelManifest } from './model-folder.ts';
export { OnnxEmbedder } from './onnx-embedder.ts';
