"""What the peers compute, as PyTorch modules: a transformer and what makes its answer of it."""

import torch
import transformers


class TextVectors(torch.nn.Module):
    """Token ids and mask in, mean-pooled unit vectors out. Without padding no mask is needed, and attention takes its
    fastest path."""

    def __init__(self, model, pooling=torch.float32):
        super().__init__()
        self.model, self.pooling = model, pooling

    def forward(self, input_ids, attention_mask=None):
        hidden = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.to(self.pooling)
        if attention_mask is None:
            return torch.nn.functional.normalize(hidden.mean(1))
        weights = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return torch.nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1))


class Classes(torch.nn.Module):
    """Token ids and mask in, logits out."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask=None):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


class ImageVectors(torch.nn.Module):
    """Pixels in, unit vectors out."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        return torch.nn.functional.normalize(self.model(pixel_values=pixel_values).image_embeds)


KINDS = {
    "vectors": (transformers.AutoModel, TextVectors),
    "classes": (transformers.AutoModelForSequenceClassification, Classes),
    "images": (transformers.CLIPVisionModelWithProjection, ImageVectors),
}


def load(kind, directory, attention, dtype="float32", **options):
    transformers.utils.logging.disable_progress_bar()
    model_class, module = KINDS[kind]
    return module(model_class.from_pretrained(directory, attn_implementation=attention, dtype=dtype).eval(), **options)
