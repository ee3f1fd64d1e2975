"""The teacher (all-MiniLM-L6-v2, Apache-2.0) as an ONNX graph built from its safetensors weights, and a runner for it."""
import argparse
import json
import os

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file
from tokenizers import Tokenizer

MAX_TOKENS = 256  # the length the teacher was trained at


def build(folder, out):
    """Write the teacher as ONNX: BERT encoder, mean pooling over the mask, L2 norm. Inputs as the student's."""
    config = json.load(open(os.path.join(folder, "config.json")))
    weights = {k.removeprefix("bert."): v.astype(np.float32) for k, v in load_file(os.path.join(folder, "model.safetensors")).items()
               if v.dtype != np.int64}
    heads, hidden = config["num_attention_heads"], config["hidden_size"]
    nodes, inits, counter = [], {}, iter(range(10**6))

    def const(value, name=None):
        name = name or f"c{next(counter)}"
        inits.setdefault(name, numpy_helper.from_array(np.asarray(value), name))
        return name

    def op(kind, *inputs, **attrs):
        name = f"t{next(counter)}"
        nodes.append(helper.make_node(kind, list(inputs), [name], **attrs))
        return name

    def weight(name):
        return const(weights[name], name)

    def linear(x, prefix):
        return op("Add", op("MatMul", x, const(np.ascontiguousarray(weights[prefix + ".weight"].T), prefix + ".T")), weight(prefix + ".bias"))

    def norm(x, prefix):
        return op("LayerNormalization", x, weight(prefix + ".weight"), weight(prefix + ".bias"), axis=-1, epsilon=config["layer_norm_eps"])

    length = op("Slice", op("Shape", "input_ids"), const(np.array([1])), const(np.array([2])))
    positions = op("Slice", weight("embeddings.position_embeddings.weight"), const(np.array([0])), length, const(np.array([0])))
    kind = const(weights["embeddings.token_type_embeddings.weight"][0])
    x = op("Add", op("Add", op("Gather", weight("embeddings.word_embeddings.weight"), "input_ids"), positions), kind)
    x = norm(x, "embeddings.LayerNorm")
    mask = op("Cast", "attention_mask", to=TensorProto.FLOAT)
    bias = op("Mul", op("Sub", const(np.float32(1)), op("Unsqueeze", mask, const(np.array([1, 2])))), const(np.float32(-1e9)))
    split = const(np.array([0, 0, heads, hidden // heads]))
    for layer in range(config["num_hidden_layers"]):
        p = f"encoder.layer.{layer}."
        q, k, v = (op("Reshape", linear(x, f"{p}attention.self.{n}"), split) for n in ("query", "key", "value"))
        q, k, v = op("Transpose", q, perm=[0, 2, 1, 3]), op("Transpose", k, perm=[0, 2, 3, 1]), op("Transpose", v, perm=[0, 2, 1, 3])
        scores = op("Add", op("Mul", op("MatMul", q, k), const(np.float32((hidden // heads) ** -0.5))), bias)
        mixed = op("Transpose", op("MatMul", op("Softmax", scores, axis=-1), v), perm=[0, 2, 1, 3])
        mixed = op("Reshape", mixed, const(np.array([0, 0, hidden])))
        x = norm(op("Add", linear(mixed, p + "attention.output.dense"), x), p + "attention.output.LayerNorm")
        y = op("Gelu", linear(x, p + "intermediate.dense"))
        x = norm(op("Add", linear(y, p + "output.dense"), x), p + "output.LayerNorm")
    weighted = op("Mul", x, op("Unsqueeze", mask, const(np.array([2]))))
    total = op("ReduceSum", weighted, const(np.array([1])), keepdims=0)
    size = op("Sqrt", op("Add", op("ReduceSum", op("Mul", total, total), const(np.array([1])), keepdims=1), const(np.float32(1e-12))))
    nodes.append(helper.make_node("Div", [total, size], ["embedding"]))
    feeds = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "seq"]) for n in ("input_ids", "attention_mask")]
    result = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", hidden])
    graph = helper.make_graph(nodes, "teacher", feeds, [result], list(inits.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, out)


class Encoder:
    """Run a model folder's ONNX file with its tokenizer; works for teacher and student."""

    def __init__(self, model, tokenizer, max_tokens=MAX_TOKENS, threads=2):
        options = ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self.session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(tokenizer)
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(max_tokens)

    def batch(self, token_ids):
        """Embed one batch of token id lists, padded to its longest."""
        ids = np.zeros((len(token_ids), max(1, max(map(len, token_ids)))), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(token_ids):
            ids[row, :len(tokens)] = tokens
            mask[row, :len(tokens)] = 1
        return self.session.run(["embedding"], {"input_ids": ids, "attention_mask": mask})[0]

    def encode(self, texts, tokens_per_batch=4096, progress=False):
        """Embed texts; sorted by length so that a batch holds little padding."""
        encoded = [e.ids for e in self.tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        out, start = None, 0
        while start < len(order):
            stop = start + 1
            while stop < len(order) and (stop + 1 - start) * max(1, len(encoded[order[stop]])) <= tokens_per_batch:
                stop += 1
            rows = order[start:stop]
            vectors = self.batch([encoded[i] for i in rows])
            out = np.zeros((len(encoded), vectors.shape[1]), np.float32) if out is None else out
            out[rows] = vectors
            if progress and start // 5000 != stop // 5000:
                print(f"{stop}/{len(order)}", flush=True)
            start = stop
        return out


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--teacher", required=True, help="folder with config.json and model.safetensors")
    args.add_argument("--out", required=True)
    opts = args.parse_args()
    build(opts.teacher, opts.out)


if __name__ == "__main__":
    main()
