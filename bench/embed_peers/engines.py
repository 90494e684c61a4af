"""The peers. Each function loads one engine on `threads` threads and returns its encode function: token ids and mask
of a padded batch (int64, [texts, tokens]) in, mean-pooled unit vectors out (float32, [texts, dimensions])."""

import numpy as np


def onnxruntime(model, threads):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def encode(ids, mask):
        return session.run(["vectors"], {"input_ids": ids, "attention_mask": mask})[0]

    return encode


def pytorch_model(model, threads, dtype):
    import torch
    import transformers

    torch.set_num_threads(threads)
    transformers.utils.logging.disable_progress_bar()
    return transformers.AutoModel.from_pretrained(model, attn_implementation="sdpa", dtype=dtype).eval()


def pytorch(model, threads, dtype):
    import torch

    transformer = pytorch_model(model, threads, dtype)

    @torch.inference_mode()
    def encode(ids, mask):
        ids, mask = torch.from_numpy(ids), torch.from_numpy(mask)
        # Without padding no mask is needed, and attention takes its fastest path.
        is_padded = bool((mask == 0).any())
        hidden = transformer(input_ids=ids, attention_mask=mask if is_padded else None).last_hidden_state.float()
        weights = mask.unsqueeze(-1).float()
        pooled = (hidden * weights).sum(1) / weights.sum(1)
        return torch.nn.functional.normalize(pooled).numpy()

    return encode


def pytorch_f32(model, threads):
    return pytorch(model, threads, "float32")


def pytorch_bf16(model, threads):
    return pytorch(model, threads, "bfloat16")


def reference(model, threads):
    """PyTorch f32 with pooling in double precision: what every engine's vectors are compared with."""
    import torch

    transformer = pytorch_model(model, threads, "float32")

    @torch.inference_mode()
    def encode(ids, mask):
        hidden = transformer(torch.from_numpy(ids), torch.from_numpy(mask)).last_hidden_state.double().numpy()
        sums = (hidden * mask[:, :, None]).sum(1)
        return (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)

    return encode


ENGINES = {
    "onnxruntime": onnxruntime,
    "pytorch-f32": pytorch_f32,
    "pytorch-bf16": pytorch_bf16,
    "reference": reference,
}
