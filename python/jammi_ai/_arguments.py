"""Checks of what users pass in: TypeError for a wrong type, ValueError for an impossible value, both naming the argument."""

import array
import operator
import os
from collections.abc import Iterable, Mapping
from typing import Any

from ._model_task import ModelTask


def text(name: str, value: object) -> str:
    """A `str` that can be encoded as UTF-8."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} holds a lone surrogate at position {error.start}") from None
    return value


def data(name: str, value: object) -> bytes:
    """The bytes of a bytes-like object."""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{name} must be bytes, not {type(value).__name__}")
    return bytes(value)


def condition(name: str, value: object) -> str:
    """A `str` that says something."""
    if not text(name, value).strip():
        raise ValueError(f"{name} must not be empty")
    return value


def shown(value: object) -> str:
    """The repr of a value, cut in the middle when it is long."""
    written = repr(value)
    return written if len(written) <= 200 else f"{written[:150]}...{written[-45:]}"


def texts(name: str, value: Iterable[str]) -> list[str]:
    """A list of str; one str alone, which would be taken letter by letter, is refused."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be a list of str, not {type(value).__name__}")
    return [text(f"{name}[{position}]", item) for position, item in enumerate(value)]


def path(name: str, value: str | os.PathLike[str]) -> str:
    """A str or an os.PathLike of one."""
    return text(name, os.fspath(value) if isinstance(value, os.PathLike) else value)


def model(name: str, value: str | os.PathLike[str]) -> str:
    """The name of a model. A path object means a local directory; a str says so by the prefix `local:`."""
    if isinstance(value, os.PathLike):
        return "local:" + text(name, os.path.abspath(value))
    return text(name, value)


def task(name: str, value: object) -> str:
    """The word of a ModelTask, given as a member or as that word."""
    if isinstance(value, ModelTask):
        return value.value
    try:
        return ModelTask.from_str(value).value  # type: ignore[arg-type]
    except ValueError:
        words = ", ".join(member.value for member in ModelTask)
        raise TypeError(f"{name} must be a ModelTask enum value or its snake_case string ({words})") from None


def items(name: str, value: object) -> list[Any]:
    """The items of any iterable but a text, a dict or a table, whose parts would be taken for them."""
    is_one_thing = isinstance(value, (str, bytes, Mapping)) or hasattr(value, "__arrow_c_stream__")
    if is_one_thing or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be a list, not {type(value).__name__}")
    return list(value)


def flag(name: str, value: object) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be a bool, not {type(value).__name__}")
    return value


def mapping(name: str, value: object) -> Mapping[Any, Any]:
    """A dict or another mapping."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a dict, not {type(value).__name__}")
    return value


def pair(name: str, value: object) -> tuple[Any, Any]:
    """A tuple or list of two."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise TypeError(f"{name} must be a pair, not {value!r:.80}")
    return value[0], value[1]


def channel_columns(name: str, value: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """A list of (column name, type) pairs."""
    pairs = [pair(f"{name}[{position}]", item) for position, item in enumerate(items(name, value))]
    return [
        (text(f"name of {name}[{position}]", column), text(f"type of {name}[{position}]", type_))
        for position, (column, type_) in enumerate(pairs)
    ]


def index_specifications(name: str, value: object) -> list[tuple[str, list[str], bool]]:
    """A list of dicts with name, columns and, if it is, unique."""
    specifications = []
    for position, item in enumerate(items(name, value)):
        given = mapping(f"{name}[{position}]", item)
        for key in ("name", "columns"):
            if key not in given:
                raise KeyError(f"index spec missing required key '{key}'")
        specifications.append(
            (
                text(f"name of {name}[{position}]", given["name"]),
                texts(f"columns of {name}[{position}]", given["columns"]),
                flag(f"unique of {name}[{position}]", given.get("unique", False)),
            )
        )
    return specifications


def whole_number(name: str, value: object, at_least: int, bits: int = 64) -> int:
    """An int, or what Python accepts as an index, that fits a signed integer of so many bits."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be an int, not {type(value).__name__}") from None
    if not at_least <= number < 2 ** (bits - 1):
        raise ValueError(f"{name} must be at least {at_least} and fit {bits} bits: {number}")
    return number


def vector(name: str, value: Any) -> "array.array[float]":
    """A float32 vector out of any flat sequence of numbers, NumPy arrays and tensors included."""
    if getattr(value, "ndim", 1) != 1:
        raise ValueError(f"{name} must have one dimension, not {value.ndim}")
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (str, bytes, bytearray)) or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be a sequence of numbers, not {type(value).__name__}")
    try:
        return array.array("f", value)
    except TypeError:
        raise TypeError(f"{name} must be a flat sequence of numbers") from None


def arrow_table(name: str, value: object) -> object:
    """Any object that exports the Arrow C stream."""
    if not hasattr(value, "__arrow_c_stream__"):
        raise TypeError(f"{name} must be an Arrow table (have __arrow_c_stream__), not {type(value).__name__}")
    return value
