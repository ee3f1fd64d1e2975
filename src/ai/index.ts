export { ASK_K, Asker, EXTRACTIVE } from './ask/ask.ts';
export type { AskPorts } from './ask/ask.ts';
export { checkClaim } from './ask/check.ts';
export { CONFIDENCE_MIN, confidenceOf } from './ask/confidence.ts';
export { weigh } from './ask/evidence.ts';
export type { Signals } from './ask/evidence.ts';
export type {
  AskAnswer,
  AskEvent,
  AskPassage,
  AskRequest,
  Claim,
  DroppedReason,
  Quote,
} from './ask/types.ts';
export { IncidentClassifier } from './classifier/incident-classifier.ts';
export type { Chances } from './classifier/incident-classifier.ts';
export { readClassifierFolder } from './classifier/manifest.ts';
export type { ClassifierFolder, Taxonomy } from './classifier/manifest.ts';
export { likenessToLabels } from './classifier/zero-shot.ts';
export { EndpointGenerator, cancelled, checkEndpoint } from './endpoint-generator.ts';
export type { EndpointOptions } from './endpoint-generator.ts';
export { generateWhole } from './generator.ts';
export type {
  ChatMessage,
  GenerateChunk,
  GenerateEnd,
  GenerateRequest,
  Generated,
  Generator,
  GeneratorModel,
  Generators,
} from './generator.ts';
export type { Inference, InferenceLog } from './inference.ts';
export type { Draft } from './llama/draft.ts';
export { LLAMA_VERSION } from './llama/library.ts';
export { LlamaGenerator } from './llama-generator.ts';
export type { LlamaOptions } from './llama-generator.ts';
export { LazyModel, freeMemory } from './lazy-model.ts';
export { compareVersions, offered, readCatalogue } from './model-catalogue.ts';
export type { OfferedModel } from './model-catalogue.ts';
export { readModelFolder } from './model-folder.ts';
export type { ModelFolder, ModelManifest } from './model-folder.ts';
export { isModelName, modelName, readAnyModel, runtimeOf } from './model-manifest.ts';
export type {
  AnyManifest,
  AnyModelFolder,
  ModelCard,
  ModelFile,
  ModelKind,
  ModelRuntime,
} from './model-manifest.ts';
export { CARD_FILE, ModelStore } from './model-store.ts';
export type { ModelOrigin, StoredModel } from './model-store.ts';
export { OnnxEmbedder } from './onnx-embedder.ts';
export { ThreadEmbedder } from './thread-embedder.ts';
export { UseCases, checkUseCases } from './use-cases.ts';
export type { Gate, RiskClass, Standing, UseCase, UseCaseDocument } from './use-cases.ts';
export { SEVERITIES, severityOf } from './classifier/severity.ts';
export type { Severity, SeverityFound } from './classifier/severity.ts';
