"""The work every engine gets: texts and their token ids, in one Arrow stream with the columns key, text, token_ids; or
pixels of square RGB images, raw float32."""

import pyarrow as pa
import numpy as np

IMAGE_SIZE = 224


def write(path, keys, texts, token_ids):
    table = pa.table({"key": keys, "text": texts, "token_ids": pa.array(token_ids, pa.list_(pa.int32()))})
    with pa.ipc.new_stream(path, table.schema) as stream:
        stream.write_table(table)


def read_token_ids(path, count):
    """The token ids of the first `count` texts, one array each."""
    with pa.ipc.open_stream(path) as stream:
        column = stream.read_all()["token_ids"].slice(0, count)
    return [np.asarray(ids.values) for ids in column]


def read_pixels(path, count):
    """The first `count` images as [count, 3, side, side]."""
    return np.fromfile(path, np.float32).reshape(-1, 3, IMAGE_SIZE, IMAGE_SIZE)[:count]


def sorted_batches(token_ids, texts_per_batch):
    """Positions of the texts in batches, longest first, so that little is padded and the last batch is a short one."""
    order = sorted(range(len(token_ids)), key=lambda i: -len(token_ids[i]))
    return [order[i : i + texts_per_batch] for i in range(0, len(order), texts_per_batch)]


def padded(token_ids):
    """Token ids and mask of one batch, padded to its longest text."""
    width = max(map(len, token_ids))
    ids = np.zeros((len(token_ids), width), np.int64)
    mask = np.zeros((len(token_ids), width), np.int64)
    for row, text in enumerate(token_ids):
        ids[row, : len(text)] = text
        mask[row, : len(text)] = 1
    return ids, mask


class Texts:
    """Texts in batches of nearly equal length."""

    def __init__(self, path, count):
        self.items = read_token_ids(path, count)

    def batches(self, size):
        return sorted_batches(self.items, size)

    def inputs(self, batch):
        return padded([self.items[i] for i in batch])


class Images:
    def __init__(self, path, count):
        self.items = read_pixels(path, count)

    def batches(self, size):
        return [range(i, min(i + size, len(self.items))) for i in range(0, len(self.items), size)]

    def inputs(self, batch):
        return (self.items[batch.start : batch.stop],)


def open_work(kind, path, count):
    return (Images if kind == "images" else Texts)(path, count)
