"""What transformers, tokenizers and PyTorch make of a model directory: the oracle of the parity tests."""
import json

import tokenizers
import torch
import transformers
from safetensors.torch import load_file

import make_families
from clip_tokenizer import ClipTokenizer

DEFAULT_MAX_TOKENS = 512
CLASSIFIER_KINDS = {"sequences": transformers.AutoModelForSequenceClassification,
                    "tokens": transformers.AutoModelForTokenClassification}

# One thread: the machine may be building at the same time, and spinning threads then cost minutes.
torch.set_num_threads(1)


def read_json(path):
    return json.loads(path.read_text()) if path.is_file() else {}


class Reference:
    """Token ids and vectors of one model directory, text by text."""

    def __init__(self, directory):
        self.directory = directory
        self.is_open_clip = (directory / "open_clip_config.json").is_file()
        self.config = read_json(directory / "config.json")
        self.pooling = read_json(directory / "1_Pooling/config.json")
        self.max_tokens = self.find_max_tokens()
        self.encode = self.load_tokenizer()
        self.model = self.load_model()

    def find_max_tokens(self):
        if self.is_open_clip:
            return read_json(self.directory / "open_clip_config.json")["model_cfg"]["text_cfg"]["context_length"]
        positions = self.config["max_position_embeddings"]
        if self.config["model_type"] in ("roberta", "xlm-roberta", "camembert", "mpnet"):
            positions -= self.config.get("pad_token_id", 1) + 1
        settings = read_json(self.directory / "sentence_bert_config.json")
        return min(positions, settings.get("max_seq_length", DEFAULT_MAX_TOKENS))

    def load_tokenizer(self):
        """A function from a text to its token ids."""
        if self.is_open_clip:
            return ClipTokenizer(self.directory / "bpe_simple_vocab_16e6.txt.gz", self.max_tokens).encode
        tokenizer = tokenizers.Tokenizer.from_file(str(self.directory / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.max_tokens)
        return lambda text: tokenizer.encode(text).ids

    def load_model(self):
        if self.is_open_clip:
            model = transformers.CLIPTextModelWithProjection(make_families.clip_text_config(self.directory))
            model.load_state_dict(load_file(self.directory / "transformers_text_model.safetensors"))
        else:
            model = transformers.AutoModel.from_pretrained(self.directory, dtype=torch.float32)
        return model.eval()

    def prompt(self, *names):
        prompts = read_json(self.directory / "config_sentence_transformers.json").get("prompts", {})
        return next((prompts[name] for name in names if name in prompts), "")

    def ids(self, texts, *, is_query=False):
        prompt = self.prompt("query") if is_query else self.prompt("document", "passage")
        return [self.encode(prompt + text) for text in texts]

    def vectors(self, ids_of_texts):
        with torch.inference_mode():
            return torch.stack([self.vector(torch.tensor([ids])) for ids in ids_of_texts]).numpy()

    def vector(self, ids):
        output = self.model(input_ids=ids)
        vector = output.text_embeds[0] if self.is_open_clip else self.dense(self.pooled(output.last_hidden_state[0]))
        return torch.nn.functional.normalize(vector, dim=0)

    def pooled(self, hidden):
        if self.pooling.get("pooling_mode_cls_token"):
            return hidden[0]
        if self.pooling.get("pooling_mode_max_tokens"):
            return hidden.max(dim=0).values
        if self.pooling.get("pooling_mode_lasttoken"):
            return hidden[-1]
        return hidden.mean(dim=0)

    def dense(self, vector):
        weights = self.directory / "2_Dense/model.safetensors"
        if not weights.is_file():
            return vector
        layer = load_file(weights)
        return torch.tanh(layer["linear.weight"] @ vector + layer["linear.bias"])


class Classifier(Reference):
    """A model directory as transformers' model for one of CLASSIFIER_KINDS."""

    def __init__(self, directory, kind):
        self.kind = kind
        super().__init__(directory)

    def load_model(self):
        return CLASSIFIER_KINDS[self.kind].from_pretrained(self.directory, dtype=torch.float32).eval()

    @property
    def labels(self):
        return [self.model.config.id2label[i] for i in range(self.model.config.num_labels)]

    def logits(self, texts):
        """A row of logits per text, or per token of it, for each text."""
        with torch.inference_mode():
            return [self.model(input_ids=torch.tensor([ids])).logits[0].reshape(-1, len(self.labels)).numpy()
                    for ids in self.ids(texts)]

    def padded_logits(self, texts):
        """The same, of all texts as one batch, padded to the longest."""
        ids_of_texts = self.ids(texts)
        padding = self.config["pad_token_id"]
        ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(ids) for ids in ids_of_texts], batch_first=True,
                                              padding_value=padding)
        lengths = torch.tensor([len(ids) for ids in ids_of_texts])
        mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
        with torch.inference_mode():
            logits = self.model(input_ids=ids, attention_mask=mask).logits
        if self.kind == "sequences":
            return [row.reshape(1, -1).numpy() for row in logits]
        return [row[:length].numpy() for row, length in zip(logits, lengths)]

    def spans(self, text):
        """Begin and end of each token in characters; (0, 0) for special tokens."""
        tokenizer = tokenizers.Tokenizer.from_file(str(self.directory / "tokenizer.json"))
        tokenizer.enable_truncation(self.max_tokens)
        return tokenizer.encode(text).offsets
