#!/usr/bin/env python3
"""Peak memory of `jammi embed` at 3,000 and 30,000 rows; the target is a difference of at most 50 MB."""
import pyarrow.parquet as pq

from measuring import JAMMI, WORK, Finished, artifacts, corpus, machine, minilm

ROW_COUNTS = (3_000, 30_000)


def main():
    packages = pq.read_table(corpus() / "packages.parquet")
    model = minilm()
    environment = artifacts("memory", fresh=True)
    peaks = []
    print(machine())
    for rows in ROW_COUNTS:
        source = f"packages_{rows}"
        file = WORK / f"{source}.parquet"
        # Both samples are spread over the whole archive, so that their texts have the same lengths.
        step = packages.num_rows // max(ROW_COUNTS) * max(ROW_COUNTS) // rows
        pq.write_table(packages.take(list(range(0, rows * step, step))), file)
        Finished([JAMMI, "sources", "add", source, "--path", file], environment)
        embedding = Finished(
            [JAMMI, "embed", source, "--model", model, "--columns", "short_description", "--key", "name"], environment
        )
        peaks.append(embedding.peak_megabytes)
        print(f"{rows:6,} rows: peak {embedding.peak_megabytes:6.1f} MB in {embedding.seconds:.1f} s")
    print(f"difference: {peaks[1] - peaks[0]:.1f} MB")


if __name__ == "__main__":
    main()
