#!/usr/bin/env python3
"""Makes the corpus of the quickstart and the benchmarks: the packages of the Debian archive with their descriptions.

usage: make_corpus.py DIRECTORY

Writes into DIRECTORY, unless all of them are there already:
  packages.parquet      name, section, short_description, description: one row per package
  packages_20k.parquet  20,000 of them, always the same for the same archive
  sections.csv          section, title: what a section holds, in words

The package index comes from the apt sources of this machine; it is fetched into DIRECTORY/apt, the machine's own
lists are not touched.
"""
import argparse
import csv
import os
import pathlib
import random
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq

SAMPLE_ROWS = 20_000
MINIMUM_ROWS = 30_000

SECTION_TITLES = {
    "admin": "Administration utilities", "cli-mono": "Mono and the common language infrastructure",
    "comm": "Communication programs", "database": "Databases", "debug": "Debug symbols", "devel": "Development",
    "doc": "Documentation", "editors": "Editors", "education": "Education", "electronics": "Electronics",
    "embedded": "Embedded systems", "fonts": "Fonts", "games": "Games", "gnome": "GNOME", "gnu-r": "GNU R",
    "gnustep": "GNUstep", "golang": "Go libraries", "graphics": "Graphics", "hamradio": "Amateur radio",
    "haskell": "Haskell libraries", "httpd": "Web servers", "interpreters": "Interpreters",
    "introspection": "Introspection data", "java": "Java libraries", "javascript": "JavaScript libraries",
    "kde": "KDE", "kernel": "Kernels and modules", "libdevel": "Development files of libraries",
    "libs": "Libraries", "lisp": "Lisp", "localization": "Localization", "mail": "E-mail", "math": "Mathematics",
    "metapackages": "Meta packages", "misc": "Miscellaneous", "net": "Network programs", "news": "Newsgroups",
    "ocaml": "OCaml libraries", "oldlibs": "Old libraries", "otherosfs": "Other operating systems",
    "perl": "Perl libraries", "php": "PHP libraries", "python": "Python libraries", "ruby": "Ruby libraries",
    "rust": "Rust libraries", "science": "Science", "shells": "Shells", "sound": "Sound",
    "tasks": "Installation tasks", "tex": "TeX and LaTeX", "text": "Text processing", "utils": "Utilities",
    "vcs": "Version control", "video": "Video", "web": "Web software", "x11": "X window system",
    "xfce": "Xfce", "zope": "Zope",
}  # fmt: skip


def fetch_index(directory):
    """Fetches the package index and returns the files of packages and of English descriptions."""
    (directory / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (directory / "cache").mkdir(exist_ok=True)
    options = {
        "Dir::State::lists": directory / "lists",
        "Dir::Cache": directory / "cache",
        "Acquire::Languages": "en",
        # The index of a frozen mirror has expired; its signature is checked all the same.
        "Acquire::Check-Valid-Until": "false",
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "true",
    }
    apt = ["apt-get", "-qq"] + [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    subprocess.run(apt + ["update"], check=True)
    listing = subprocess.run(
        apt + ["indextargets", "--format", "$(CREATED_BY) $(FILENAME)"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    files = {"Packages": [], "Translations": []}
    for line in listing.splitlines():
        kind, name = line.split(" ", 1)
        if kind in files:
            files[kind].append(name)
    return files["Packages"], files["Translations"]


def read_stanzas(path):
    """Yields each stanza of a Debian control file as a dictionary; continuation lines keep their line breaks."""
    # apt may keep its lists compressed; its helper reads every form.
    command = ["/usr/lib/apt/apt-helper", "cat-file", path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        stanza, field = {}, None
        for line in process.stdout:
            line = line.rstrip("\n")
            if not line:
                if stanza:
                    yield stanza
                stanza, field = {}, None
            elif line[0] in " \t":
                stanza[field] += "\n" + line[1:]
            else:
                field, _, value = line.partition(":")
                stanza[field] = value.strip()
        if stanza:
            yield stanza
    if process.returncode != 0:
        sys.exit(f"make_corpus.py: cannot read {path}")


def plain_text(description):
    """The paragraphs of a long description without the markup of control files (" ." is an empty line)."""
    return "\n".join("" if line == "." else line for line in description.split("\n")).strip()


def read_packages(package_files, translation_files):
    translated = {}
    for path in translation_files:
        for stanza in read_stanzas(path):
            translated[stanza["Description-md5"]] = stanza.get("Description-en", "")
    rows = {}
    for path in package_files:
        for stanza in read_stanzas(path):
            short, _, long = translated.get(stanza.get("Description-md5"), stanza.get("Description", "")).partition("\n")
            if short and long:
                # Sections outside of "main" are written as AREA/SECTION.
                section = stanza.get("Section", "misc").rpartition("/")[2]
                rows[stanza["Package"]] = (section, short, plain_text(long))
    return sorted((name, *row) for name, row in rows.items())


def write_parquet(rows, path):
    names = ["name", "section", "short_description", "description"]
    columns = [pa.array(column, pa.string()) for column in zip(*rows)]
    partial = path.with_suffix(".partial")
    pq.write_table(pa.table(columns, names=names), partial, compression="zstd")
    os.replace(partial, path)


def write_sections(rows, path):
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["section", "title"])
        for section in sorted({row[1] for row in rows}):
            writer.writerow([section, SECTION_TITLES.get(section, section.capitalize())])
    os.replace(partial, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    directory = parser.parse_args().directory.absolute()
    outputs = [directory / name for name in ("packages.parquet", "packages_20k.parquet", "sections.csv")]
    if all(path.exists() for path in outputs):
        print(f"the corpus is already in {directory}")
        return
    rows = read_packages(*fetch_index(directory / "apt"))
    if len(rows) < MINIMUM_ROWS:
        sys.exit(f"make_corpus.py: the package index has only {len(rows)} packages with descriptions")
    write_sections(rows, outputs[2])
    write_parquet(sorted(random.Random(20).sample(rows, SAMPLE_ROWS)), outputs[1])
    write_parquet(rows, outputs[0])
    print(f"{len(rows)} packages in {directory}")


if __name__ == "__main__":
    main()
