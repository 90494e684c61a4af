"""The peers. Each function loads one engine for a kind of answer on `threads` threads and returns its encode function.
What goes in is a padded batch of texts, as token ids and mask (int64, [texts, tokens]), or pixels (float32, [images, 3,
side, side]); what comes out is float32, [texts or images, dimensions]."""


def onnxruntime(model, threads, kind):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    names = ["pixel_values"] if kind == "images" else ["input_ids", "attention_mask"]

    def encode(*batch):
        return session.run(None, dict(zip(names, batch, strict=True)))[0]

    return encode


def pytorch(model, threads, kind, dtype, **options):
    import torch

    import modules

    torch.set_num_threads(threads)
    module = modules.load(kind, model, "sdpa", dtype, **options)

    @torch.inference_mode()
    def encode(*batch):
        inputs = [torch.from_numpy(each) for each in batch]
        if kind == "images":
            inputs = [inputs[0].to(module.model.dtype)]
        elif not (batch[1] == 0).any():
            inputs = inputs[:1]
        return module(*inputs).float().numpy()

    return encode


def pytorch_f32(model, threads, kind):
    return pytorch(model, threads, kind, "float32")


def pytorch_bf16(model, threads, kind):
    return pytorch(model, threads, kind, "bfloat16")


def reference(model, threads, kind):
    """PyTorch f32, with pooling of texts in double precision: what every engine's answers are compared with."""
    import torch

    options = {"pooling": torch.float64} if kind == "vectors" else {}
    return pytorch(model, threads, kind, "float32", **options)


ENGINES = {
    "onnxruntime": onnxruntime,
    "pytorch-f32": pytorch_f32,
    "pytorch-bf16": pytorch_bf16,
    "reference": reference,
}
