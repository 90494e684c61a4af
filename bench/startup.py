#!/usr/bin/env python3
"""Whole-process time of `jammi query "SELECT 1"`; the target is at most 100 ms."""
from measuring import JAMMI, Finished, artifacts, machine, median

ROUNDS = 21


def main():
    environment = artifacts("startup", fresh=True)
    query = [JAMMI, "query", "SELECT 1"]
    Finished(query, environment)  # makes the catalog and fills the page cache
    times = {"SELECT 1": [], "--version": []}
    for _ in range(ROUNDS):
        times["SELECT 1"].append(Finished(query, environment).seconds)
        times["--version"].append(Finished([JAMMI, "--version"], environment).seconds)
    print(machine())
    for name, seconds in times.items():
        print(f"{name:10} median {1000 * median(seconds):6.1f} ms, slowest {1000 * max(seconds):6.1f} ms")


if __name__ == "__main__":
    main()
