"""Passages a second, tokenising included: the student beside its teacher in float32 and in int8, all on ONNX Runtime."""
import argparse
import os
import statistics
import tempfile
import time

from onnxruntime.quantization import QuantType, quantize_dynamic

from corpus import read_osha_1926
from targets import chunks
from teacher import Encoder


def rate(model, texts, batch, rounds):
    """Passages a second of the clock (best round) and of processor time (median), in batches of a fixed size; the first round warms up."""
    clock, processor = [], []
    for _ in range(rounds + 1):
        began, used = time.perf_counter(), time.process_time()
        for start in range(0, len(texts), batch):
            model.batch([e.ids for e in model.tokenizer.encode_batch(texts[start:start + batch])])
        clock.append(len(texts) / (time.perf_counter() - began))
        processor.append(len(texts) / (time.process_time() - used))
    return max(clock[1:]), statistics.median(processor[1:])


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--data", required=True)
    args.add_argument("--student", required=True)
    args.add_argument("--teacher", required=True, help="folder with the teacher's tokenizer.json")
    args.add_argument("--teacher-onnx", required=True)
    args.add_argument("--threads", type=int, default=2)
    opts = args.parse_args()
    passages = [" ".join(run) for record in read_osha_1926(opts.data) for run in chunks(record["paras"], 75)]
    teacher_json = os.path.join(opts.teacher, "tokenizer.json")
    with tempfile.TemporaryDirectory() as scratch:
        small = os.path.join(scratch, "teacher-int8.onnx")
        quantize_dynamic(opts.teacher_onnx, small, weight_type=QuantType.QInt8)
        models = [("student int8", os.path.join(opts.student, "model.onnx"), os.path.join(opts.student, "tokenizer.json"), len(passages), 5),
                  ("teacher float32", opts.teacher_onnx, teacher_json, 128, 3), ("teacher int8 (dynamic)", small, teacher_json, 128, 3)]
        for name, file, tokenizer, count, rounds in models:
            model = Encoder(file, tokenizer, 256, opts.threads)
            texts = passages[:count]
            tokens = sum(len(e.ids) for e in model.tokenizer.encode_batch(texts)) / len(texts)
            (many, cpu), (one, _) = rate(model, texts, 32, rounds), rate(model, texts[:32], 1, rounds)
            print(f"{name:24s} {os.path.getsize(file) / 1e6:6.1f} MB  mean {tokens:.0f} tokens  batches of 32: {many:8.1f} passages/s, {cpu:8.1f} per processor second"
                  f"  one at a time: {1000 / one:.2f} ms", flush=True)


if __name__ == "__main__":
    main()
