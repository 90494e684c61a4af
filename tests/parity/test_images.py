"""Compares what becomes of images with Pillow and NumPy, and vision towers with transformers.

$JAMMI_PARITY_DUMP is the parity_dump program.
"""
import json
import os
import subprocess
import sys

import numpy
import pytest
import torch
import transformers
from PIL import Image, ImageDraw
from safetensors.torch import load_file

from test_families import BF16_COSINE, F32_TOLERANCE, FIXTURES, INT8_COSINE

sys.path.insert(0, str(FIXTURES))
import make_families  # noqa: E402

CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073]
CLIP_STD = [0.26862954, 0.26130258, 0.27577711]


def photograph(width, height, seed):
    """Shapes over a gradient with some noise: edges, flat parts and texture."""
    random = numpy.random.default_rng(seed)
    ramp = numpy.linspace(0, 255, width)[None, :, None] * [1, 0.5, 0] + numpy.linspace(0, 200, height)[:, None, None] * [0, 0.5, 1]
    image = Image.fromarray(numpy.clip(ramp + random.normal(0, 12, ramp.shape), 0, 255).astype(numpy.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = random.integers(0, width), random.integers(0, height)
        size = random.integers(1, max(width, height) + 1)
        draw.ellipse([x - size, y - size, x, y], fill=tuple(int(c) for c in random.integers(0, 256, 3)))
    return image


# (width, height) of pictures smaller and larger than models want, wide, tall, and of a single pixel.
SIZES = [(30, 30), (1, 1), (7, 5), (64, 48), (48, 65), (333, 100), (99, 400), (800, 3), (640, 480)]
LOSSLESS = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}}


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Pictures and the files they were saved to."""
    directory = tmp_path_factory.mktemp("pictures")
    saved = []
    for i, (width, height) in enumerate(SIZES):
        kind, options = list(LOSSLESS.items())[i % len(LOSSLESS)]
        picture, file = photograph(width, height, i), directory / f"{i}.{kind.lower()}"
        picture.save(file, kind, **options)
        saved.append((picture, file))
    return saved


@pytest.fixture(scope="session", params=make_families.VISION_TOWERS)
def model(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp(request.param) / "model"
    make_families.VISION_TOWERS[request.param](directory)
    return directory


def dump(model, precision, inputs, scratch, what="images", *arguments):
    file = scratch / f"{what}.json"
    file.write_text(json.dumps([str(each) for each in inputs]))
    command = [os.environ["JAMMI_PARITY_DUMP"], f"local:{model}", precision, file, what, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def computed(model, pictures, tmp_path_factory):
    return dump(model, "f32", [file for _, file in pictures], tmp_path_factory.mktemp("dump"))


def config_of(model):
    return json.loads((model / "open_clip_config.json").read_text())


def padded(picture):
    side = max(picture.size)
    square = Image.new("RGB", (side, side), "white")
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square


def catmull_rom(x):
    x = numpy.abs(x)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return numpy.where(x < 1, near, numpy.where(x < 2, far, 0))


def resampling_matrix(before, after):
    """What each pixel of an axis takes from the axis as it was, the filter as wide as a pixel of either."""
    ratio = before / after
    centers = (numpy.arange(after) + 0.5) * ratio
    weights = catmull_rom((numpy.arange(before) + 0.5 - centers[:, None]) / max(ratio, 1))
    return weights / weights.sum(axis=1, keepdims=True)


def resized(picture, size):
    square = numpy.asarray(padded(picture), dtype=numpy.float64)
    matrix = resampling_matrix(square.shape[0], size)
    return numpy.clip(numpy.einsum("yj,jkc,xk->yxc", matrix, square, matrix, optimize=True), 0, 255)


def levels_of(row, config):
    """The 8-bit values, as [size, size, 3], that a row's pixels were made of."""
    size = config["model_cfg"]["vision_cfg"]["image_size"]
    mean = numpy.array(config["preprocess_cfg"].get("mean", CLIP_MEAN))
    deviation = numpy.array(config["preprocess_cfg"].get("std", CLIP_STD))
    pixels = numpy.array(row["pixels"], dtype=numpy.float64).reshape(3, size, size).transpose(1, 2, 0)
    return (pixels * deviation + mean) * 255


def test_images_are_resized_as_numpy_does_within_rounding(model, computed, pictures):
    config = config_of(model)
    for row, (picture, _) in zip(computed["rows"], pictures):
        levels = levels_of(row, config)
        assert numpy.abs(levels - levels.round()).max() < 1e-2  # whole numbers, normalised
        expected = resized(picture, levels.shape[0])
        assert numpy.abs(levels - expected).max() <= 0.52, picture.size


def test_images_are_resized_as_pillow_does_within_its_rounding(model, computed, pictures):
    """Pillow rounds and clips between its two passes, which shows at hard edges."""
    config = config_of(model)
    for row, (picture, _) in zip(computed["rows"], pictures):
        levels = levels_of(row, config)
        expected = numpy.asarray(padded(picture).resize(levels.shape[:2], Image.Resampling.BICUBIC), dtype=numpy.float64)
        difference = numpy.abs(levels - expected)
        assert difference.max() <= 12 and difference.mean() <= 0.3, picture.size


class VisionReference:
    """transformers' vision tower, pooled as the configuration says."""

    def __init__(self, model):
        self.vision = config_of(model)["model_cfg"]["vision_cfg"]
        self.tower = transformers.CLIPVisionModelWithProjection(make_families.clip_vision_config(model)).eval()
        self.tower.load_state_dict(load_file(model / "transformers_vision_model.safetensors"))

    def vectors(self, pixels):
        with torch.inference_mode():
            output = self.tower(pixel_values=torch.tensor(pixels, dtype=torch.float32))
            return torch.nn.functional.normalize(self.projected(output), dim=1).numpy()

    def projected(self, output):
        norm = self.tower.vision_model.post_layernorm
        if self.vision.get("global_average_pool"):
            return self.tower.visual_projection(norm(output.last_hidden_state[:, 1:].mean(dim=1)))
        if self.vision.get("pool_type") == "avg":
            return self.tower.visual_projection(norm(output.last_hidden_state)[:, 1:].mean(dim=1))
        return output.image_embeds


@pytest.fixture(scope="session")
def expected(model, computed):
    size = config_of(model)["model_cfg"]["vision_cfg"]["image_size"]
    pixels = numpy.array([row["pixels"] for row in computed["rows"]]).reshape(-1, 3, size, size)
    return VisionReference(model).vectors(pixels)


def vectors_of(result):
    return numpy.array([row["vector"] for row in result["rows"]], dtype=numpy.float32)


def test_f32_vectors_equal_transformers(computed, expected):
    error = numpy.abs(vectors_of(computed) - expected).max()
    print(f"{computed['kernel']}: largest difference {error:.2e}")
    assert error <= F32_TOLERANCE


@pytest.mark.parametrize(("precision", "bound"), [("bf16", BF16_COSINE), ("int8", INT8_COSINE)])
def test_rounded_vectors_point_where_transformers_do(model, pictures, expected, precision, bound, tmp_path):
    result = dump(model, precision, [file for _, file in pictures], tmp_path)
    cosine = (vectors_of(result) * expected).sum(axis=1)
    print(f"{result['kernel']}: smallest cosine {cosine.min():.6f}")
    assert cosine.min() >= bound


@pytest.mark.parametrize("precision", ["f32", "bf16", "f16"])
def test_torch_vectors_are_the_cpus(model, pictures, computed, precision, tmp_path):
    result = dump(model, precision, [file for _, file in pictures], tmp_path, "images", "--torch")
    assert result["kernel"] == "torch:cpu"
    if precision == "f32":
        assert numpy.abs(vectors_of(result) - vectors_of(computed)).max() <= 1e-4
    cosine = (vectors_of(result) * vectors_of(computed)).sum(axis=1)
    print(f"smallest cosine {cosine.min():.6f}")
    assert cosine.min() >= BF16_COSINE


def test_different_images_have_different_vectors(computed):
    """Guards the comparison itself: a model that maps everything to one vector would agree with anything."""
    vectors = vectors_of(computed)
    assert float(vectors[3] @ vectors[5]) < 0.99


def test_texts_and_images_meet_in_one_space(model, computed, expected, tmp_path):
    """Similarities between both towers of a checkpoint are those of transformers."""
    texts = ["the quick brown fox", "solar panels", "a red circle on a white background"]
    result = dump(model, "f32", texts, tmp_path, "query")
    ids = [row["token_ids"] for row in result["rows"]]
    tower = transformers.CLIPTextModelWithProjection(make_families.clip_text_config(model)).eval()
    tower.load_state_dict(load_file(model / "transformers_text_model.safetensors"))
    with torch.inference_mode():
        embeds = torch.cat([tower(input_ids=torch.tensor([row])).text_embeds for row in ids])
    text_vectors = torch.nn.functional.normalize(embeds, dim=1).numpy()
    assert vectors_of(result).shape[1] == vectors_of(computed).shape[1]
    difference = vectors_of(result) @ vectors_of(computed).T - text_vectors @ expected.T
    assert numpy.abs(difference).max() <= 1e-4
