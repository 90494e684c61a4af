"""_jammi.pyi says what the compiled module has."""

import ast
import inspect
import pathlib

from nanobind.stubgen import StubGen

import jammi_ai
from jammi_ai import _jammi

STUB = (pathlib.Path(jammi_ai.__file__).parent / "_jammi.pyi").read_text()


def test_stub_is_the_one_that_the_module_generates():
    generator = StubGen(_jammi)
    generator.put(_jammi)
    assert STUB == generator.get(), "renew it as python/README.md says"


def test_stub_and_module_have_the_same_names():
    classes = {node.name: node for node in ast.parse(STUB).body if isinstance(node, ast.ClassDef)}
    assert set(classes) == {name for name, value in vars(_jammi).items() if inspect.isclass(value)}
    for name, node in classes.items():
        declared = {member.name for member in node.body if isinstance(member, ast.FunctionDef)}
        present = {member for member in vars(getattr(_jammi, name)) if not member.startswith("__")}
        assert {member for member in declared if not member.startswith("__")} == present, name
