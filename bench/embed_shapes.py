"""The models that bench/embed.py measures: MiniLM as published, and random weights in the shapes of other models, because
the time of a product does not depend on its numbers."""
import dataclasses

from measuring import WORK, minilm

DATA = WORK / "embed"


@dataclasses.dataclass(frozen=True)
class Shape:
    name: str
    title: str
    count: int  # texts or images of a run
    layers: int
    width: int
    inner: int
    kind: str = "vectors"  # what comes out: vectors or classes of texts, or vectors of images
    dimensions: int = 0  # of what comes out; 0: the width
    is_gated: bool = False
    is_random: bool = True

    @property
    def directory(self):
        return DATA / self.name

    @property
    def outputs(self):
        return self.dimensions or self.width

    @property
    def unit(self):
        return "images" if self.kind == "images" else "texts"

    def flops(self, lengths):
        """Floating-point operations of the linear layers and of attention over sequences of these lengths."""
        lengths = lengths.astype(float)
        matrices = (4 * self.width + (3 if self.is_gated else 2) * self.inner) * self.width
        return 2 * self.layers * (matrices * lengths.sum() + 2 * self.width * (lengths**2).sum())


SHAPES = [
    Shape("minilm", "all-MiniLM-L6-v2", 2000, 6, 384, 1536, is_random=False),
    Shape("bge-small", "bge-small-en's shape", 300, 12, 384, 1536),
    Shape("bge-base", "bge-base-en's shape", 80, 12, 768, 3072),
    Shape("vit-b-32", "ViT-B/32's shape, as in OpenCLIP", 100, 12, 768, 3072, "images", 512),
    Shape("bert-classifier", "a BERT-base classifier of three classes", 80, 12, 768, 3072, "classes", 3),
    Shape("modernbert-base", "ModernBERT-base's shape", 60, 22, 768, 1152, is_gated=True),
]

IMAGE_SIZE = 224
TOKENS_PER_IMAGE = 50


def tokenizer_directory():
    """Whose tokenizer cuts the texts, of all shapes alike."""
    return minilm()
