"""The report of bench/embed.py in Markdown."""
import datetime

import numpy as np

from embed_contestants import CORES, EMULATED_SHARE, has_fast_bf16
from measuring import machine, median

HISTOGRAM_EDGES = [1, 16, 32, 64, 96, 128, 192, 256]

# The goals of the project: our engine, how many times as fast as which peer, and whether that takes AMX.
SPEED_TARGETS = [
    ("jammi bf16", 6, "ONNX Runtime f32", True),
    ("jammi bf16", 2.3, "ONNX Runtime int8", True),
    ("jammi bf16", 3, "PyTorch bf16", True),
    ("jammi f32", 1.3, "ONNX Runtime f32", False),
    ("jammi int8", 1.15, "ONNX Runtime int8", False),
]
QUERY_TARGET_MS = 1.2


def markdown_table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def read_vectors(path, shape):
    return np.fromfile(path, np.float32).reshape(-1, shape.outputs).astype(np.float64)


def cosines(contestant, reference):
    vectors = read_vectors(contestant.vectors_path, contestant.shape)
    expected = reference[: len(vectors)]
    norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(expected, axis=1)
    return (vectors * expected).sum(axis=1) / norms


def result_row(contestant, work, peak_gflops, reference):
    count = contestant.count(work)
    rate, tokens = median(contestant.rates), work.tokens(count)
    cpu_rate = median(contestant.cpu_rates)
    share_of_peak = contestant.shape.flops(work.lengths[:count]) / tokens * cpu_rate / 1e9 / peak_gflops
    cosine = cosines(contestant, reference)
    return [
        contestant.label,
        str(contestant.arrangement or contestant.kernel),
        f"{rate:,.0f}",
        f"{min(contestant.rates):,.0f}–{max(contestant.rates):,.0f}",
        f"{rate * count / tokens:,.1f}",
        f"{1e6 / cpu_rate:.1f}",
        f"{share_of_peak:.0%}",
        f"{contestant.query_ms:.2f} ms" if contestant.query_ms else "",
        f"{cosine.min():.6f}",
        f"{cosine.mean():.6f}",
    ]


def result_table(shape, contestants, work, peak_gflops, reference):
    header = ["engine", "arrangement", "tokens/s", "lowest–highest", f"{shape.unit}/s", "CPU µs/token", "of f32 peak",
              "8-token query", "cosine min", "mean"]  # fmt: skip
    return markdown_table(header, [result_row(each, work, peak_gflops, reference) for each in contestants])


def speed_ratio(ours, peer):
    return median(ours.rates) / median(peer.rates)


def ratio_table(contestants):
    peers = [contestant for contestant in contestants if contestant.arrangement]
    ours = [contestant for contestant in contestants if not contestant.arrangement]
    header = ["times as fast as", *(peer.label for peer in peers)]
    rows = [[each.label, *(f"{speed_ratio(each, peer):.2f}" for peer in peers)] for each in ours]
    return markdown_table(header, rows)


def verdict(is_reached, needs_amx, features):
    if needs_amx and "amx_bf16" not in features:
        return "not applicable (no AMX)"
    return "reached" if is_reached else "not reached"


def target_table(contestants, features):
    by_label = {contestant.label: contestant for contestant in contestants}
    rows = []
    for ours, bound, peer, needs_amx in SPEED_TARGETS:
        ratio = speed_ratio(by_label[ours], by_label[peer])
        rows.append([f"{ours} ≥ {bound} × {peer}", f"{ratio:.2f}", verdict(ratio >= bound, needs_amx, features)])
    query_ms = by_label["jammi bf16"].query_ms
    rows.append([
        f"8-token query, bf16, one thread ≤ {QUERY_TARGET_MS} ms",
        f"{query_ms:.2f} ms",
        verdict(query_ms <= QUERY_TARGET_MS, True, features),
    ])  # fmt: skip
    return markdown_table(["target", "measured", ""], rows)


def length_table(work):
    edges = HISTOGRAM_EDGES + [10**6]
    counts, _ = np.histogram(work.lengths, edges)
    names = [f"{low}–{high - 1}" for low, high in zip(edges, edges[1:-1])] + [f"{edges[-2]} (cut)"]
    return markdown_table(["tokens", *names], [["texts", *map(str, counts)]])


def cpu_ratio_table(contestants):
    peers = [contestant for contestant in contestants if contestant.arrangement]
    ours = [contestant for contestant in contestants if not contestant.arrangement]
    header = ["CPU time of", *(f"÷ {each.label}" for each in ours)]
    rows = [
        [peer.label, *(f"{median(each.cpu_rates) / median(peer.cpu_rates):.2f}" for each in ours)] for peer in peers
    ]
    return markdown_table(header, rows)


def report(shape, contestants, work, features, peak_gflops, reference, load):
    """The section of one shape: `embed` for MiniLM, `embed-NAME` for the others."""
    conditions = f"""{datetime.date.today()}, {machine()}, {", ".join(features)}; load average {load:.1f} before the run."""
    results = result_table(shape, contestants, work, peak_gflops, reference)
    if shape.is_random:
        return f"""## embed-{shape.name}

{conditions}

Random weights in {shape.title}, {len(work.lengths)} {shape.unit}, {work.tokens(len(work.lengths)):,} tokens; medians of
{len(contestants[0].rates)} interleaved rounds; otherwise as in section embed. Cosines are against PyTorch f32, and those of
rounded weights say little, because random weights have no outliers.

{results}

{ratio_table(contestants)}

{cpu_ratio_table(contestants)}
"""
    count = len(work.lengths)
    emulation = ""
    if not has_fast_bf16(features):
        some = count // EMULATED_SHARE
        emulation = f"\nPyTorch bf16, which this CPU has no instructions for, embeds the first {some} texts."
    return f"""## embed

{conditions}

{shape.title} over {count:,} Debian package descriptions: {work.tokens(count):,} tokens, mean
{work.lengths.mean():.0f}, median {np.median(work.lengths):.0f} a text. {CORES} cores, medians of
{len(contestants[0].rates)} interleaved rounds, every process started anew for each. All get the same token ids and
deliver unit vectors; "from text" tokenizes, too. A peer runs in the fastest arrangement found (processes × threads,
texts per batch), its batches sorted by length. A query runs on one thread. Peak: {peak_gflops:.0f} GFLOP of f32
multiply-adds per second of one core's time; its shares count real tokens, all of them in every layer, and CPU time.
Where one token is pooled, Jammi computes what follows attention in the last layer for it alone. Cosines are against PyTorch
f32 with double-precision pooling.{emulation}

{results}

{ratio_table(contestants)}

{cpu_ratio_table(contestants)}

{target_table(contestants, features)}

{length_table(work)}
"""
