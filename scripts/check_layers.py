#!/usr/bin/env python3
"""Fails when a folder under src/ includes a layer above it, or a third-party library outside its door.

The list below is the architecture: a folder may include only itself and the folders before it.
"""
import pathlib
import re
import sys

LAYERS = """base config io numerics text image catalog storage index sql source table topic db nn model inference
embedding search training evaluation engine wire server client cli""".split()

# Public headers (include/jammi/NAME.h) and the layer that owns each.
PUBLIC_HEADERS = {
    "cache_statistics": "base",
    "channels": "db",
    "error": "base",
    "progress": "base",
    "config": "config",
    "records": "base",
    "database": "db",
    "embedding": "embedding",
    "inference": "inference",
    "mutable_table": "catalog",
    "search": "search",
    "session": "engine",
    "tenant_id": "base",
    "transaction": "db",
    "version": "base",
}

# Third-party include prefix -> folders, or files of a folder by the start of their name, that may use it.
DOORS = {
    "duckdb": {"sql"},
    "sqlite3": {"catalog"},
    "libpq-fe": {"catalog/postgres"},
    "usearch": {"index"},
    "oneapi/dnnl": {"nn"},
    "dnnl": {"nn"},
    "torch": {"nn", "training"},
    "ATen": {"nn", "training"},
    "c10": {"nn", "training"},
    "onnxruntime_cxx_api": {"model"},
    "curl": {"io"},
    "toml++": {"config"},
    "CLI": {"cli"},
    "spdlog": {"base"},
    "parquet": {"storage"},
    "tokenizers": {"text"},
    "vips": {"image"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.M)


def layer_of(target):
    """Returns the layer an include names, or None for third-party and standard headers."""
    parts = target.split("/")
    if parts[0] == "jammi" and len(parts) == 2:
        return PUBLIC_HEADERS.get(parts[1].removesuffix(".h"), "?" + parts[1])
    return parts[0] if len(parts) > 1 and parts[0] in LAYERS else None


def door_of(target):
    for prefix, folders in DOORS.items():
        if target == prefix or target.startswith((prefix + "/", prefix + ".")):
            return prefix, folders
    return None


def is_within(path, layer, place):
    return f"{layer}/{path.name}".startswith(place if "/" in place else place + "/")


def check(path, layer):
    problems = []
    for _, target in INCLUDE.findall(path.read_text(encoding="utf-8")):
        included = layer_of(target)
        if included and included.startswith("?"):
            problems.append(f"{path}: public header without a layer: {target}")
        elif included and LAYERS.index(included) > LAYERS.index(layer):
            problems.append(f"{path}: layer '{layer}' may not include the layer above it: {target}")
        door = door_of(target)
        if door and not any(is_within(path, layer, place) for place in door[1]):
            problems.append(f"{path}: {door[0]} may be included only in {', '.join(sorted(door[1]))}: {target}")
    return problems


def unlisted_headers(root):
    problems = []
    for folder in sorted((root / "src").iterdir()):
        cmake = folder / "CMakeLists.txt"
        if not cmake.is_file():
            continue
        listed = cmake.read_text(encoding="utf-8")
        for header in sorted(folder.rglob("*.h")):
            name = header.relative_to(folder).as_posix()
            if not re.search(rf"(?<![\w/]){re.escape(name)}(?!\w)", listed):
                problems.append(f"{header}: not listed in {cmake}")
    return problems


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    problems = []
    for folder in sorted((root / "src").iterdir()):
        if folder.name not in LAYERS:
            problems.append(f"{folder}: not a layer; add it to scripts/check_layers.py at its place")
            continue
        for path in sorted(p for p in folder.rglob("*") if p.suffix in {".h", ".cc", ".cu"}):
            problems += check(path, folder.name)
    for path in sorted((root / "include" / "jammi").glob("*.h")):
        layer = PUBLIC_HEADERS.get(path.stem)
        problems += check(path, layer) if layer else [f"{path}: add it to PUBLIC_HEADERS"]
    problems += unlisted_headers(root)
    print("\n".join(problems) or f"layers: ok ({len(LAYERS)} layers)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
