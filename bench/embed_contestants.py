"""The engines that bench/embed.py compares, and the arrangement in which each peer is fastest here."""
import dataclasses
import hashlib
import json
import pathlib
import subprocess
import sys
import venv

from embed_shapes import DATA, Shape, tokenizer_directory
from measuring import ROOT, machine, minilm

CORES = 2
SWEEP_COUNT = 200
# Without bf16 instructions PyTorch computes bf16 ten times slower than f32: a part of the texts tells its speed.
EMULATED_SHARE = 10

BENCH_BUILD = ROOT / "build" / "bench"
PEERS = ROOT / "build" / "bench-venv"
REQUIREMENTS = ROOT / "bench" / "requirements.txt"
PEER_SOURCES = ROOT / "bench" / "embed_peers"


def progress(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def run_json(command):
    """Runs a program that prints one JSON object as its last line."""
    done = subprocess.run([str(word) for word in command], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"exit status {done.returncode}: {' '.join(map(str, command))}")
    return json.loads(done.stdout.splitlines()[-1])


def cpu_features():
    """Names of the instruction sets that decide what is fast here."""
    flags = next((line for line in open("/proc/cpuinfo") if line.startswith("flags")), "").split()
    known = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
    return [name for name in known if name in flags]


def has_fast_bf16(features):
    return "amx_bf16" in features or "avx512_bf16" in features


@dataclasses.dataclass
class Arrangement:
    """How a peer uses the cores: processes, threads in each, texts per padded batch."""

    workers: int = CORES
    threads: int = 1
    batch: int = 32

    def __str__(self):
        return f"{self.workers} × {self.threads} threads, {self.batch} texts"


@dataclasses.dataclass
class Contestant:
    shape: Shape
    label: str
    throughput_command: list
    query_command: list | None = None
    batch_sizes: tuple = ()  # for peers: those worth trying
    arrangement: Arrangement | None = None  # for peers
    share: int = 1  # computes the first 1/share of the texts or images

    # What it achieved; rates have one entry per round.
    kernel: str = ""
    rates: list = dataclasses.field(default_factory=list)  # tokens per second of wall time
    cpu_rates: list = dataclasses.field(default_factory=list)  # tokens per second of CPU time
    query_ms: float | None = None

    @property
    def vectors_path(self):
        return self.shape.directory / f"{self.label.replace(' ', '-')}.f32"

    def count(self, work):
        return len(work.lengths) // self.share

    def run(self, work, count):
        command = self.throughput_command + ["--workload", work.path, "--count", count, "--vectors", self.vectors_path]
        if self.arrangement:
            for option, value in dataclasses.asdict(self.arrangement).items():
                command = command + [f"--{option}", value]
        return run_json(command)

    def measure_throughput(self, work):
        count = self.count(work)
        result = self.run(work, count)
        self.rates.append(work.tokens(count) / result["seconds"])
        self.cpu_rates.append(work.tokens(count) / result["cpu_seconds"])
        self.kernel = result.get("kernel", "")

    def measure_query(self):
        if self.query_command:
            self.query_ms = run_json(self.query_command)["query_ms"]


def build_ours():
    """Builds our program for `./dev bench embed` and returns its path."""
    subprocess.run(["cmake", "--build", BENCH_BUILD, "--target", "embed_bench"], check=True, stdout=sys.stderr)
    return BENCH_BUILD / "bench" / "embed_bench"


def requirements_digest():
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]


def make_peers():
    """The virtual environment of the peers, made once per requirements file; returns its Python."""
    python, stamp = PEERS / "bin" / "python", PEERS / "stamp"
    if not stamp.exists() or stamp.read_text() != requirements_digest():
        progress("installing ONNX Runtime and PyTorch into build/bench-venv (several minutes and 6 GB, once)")
        venv.create(PEERS, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", REQUIREMENTS], check=True, stdout=sys.stderr)
        stamp.write_text(requirements_digest())
    return python


def make_model(shape, python):
    """The directory of the shape's model: the published one, or random weights, made once."""
    if not shape.is_random:
        return minilm()
    directory = shape.directory / f"model-{requirements_digest()}"
    if not (directory / "model.safetensors").exists():
        progress(f"making random weights in {shape.title}")
        command = [python, PEER_SOURCES / "make_model.py", shape.name, directory, "--tokenizer", tokenizer_directory()]
        subprocess.run(command, check=True, stdout=sys.stderr)
    return directory


def export_onnx(shape, python, model, features):
    directory = shape.directory / f"onnx-{requirements_digest()}"
    if not (directory / "int8.onnx").exists():
        progress("exporting, fusing and quantising the ONNX model")
        # Without VNNI the int8 kernels add in 16 bits, which full-range weights overflow.
        has_vnni = "avx512_vnni" in features or "avx_vnni" in features
        options = ["--kind", shape.kind] + ([] if has_vnni else ["--reduce-range"])
        command = [python, PEER_SOURCES / "export_onnx.py", model, directory, *options]
        subprocess.run(command, check=True, stdout=sys.stderr)
    return directory


def make_contestants(shape, model, python, features):
    """Ours, then the peers, still without arrangements; and the engine that computes the reference vectors."""
    ours = build_ours()
    onnx = export_onnx(shape, python, model, features)
    has_bf16 = has_fast_bf16(features)
    mode = "tokens" if shape.kind == "vectors" else shape.kind

    def jammi(label, precision, mode=mode):
        options = ["--model", model, "--precision", precision, "--threads", CORES]
        query = [ours, "query", *options] if mode == "tokens" else None
        return Contestant(shape, label, [ours, mode, *options], query)

    def peer(engine, label, path, batch_sizes, share=1):
        command = [python, PEER_SOURCES / "run.py", engine, "--model", path, "--kind", shape.kind]
        command += ["--dimensions", shape.outputs]
        query = command + ["--query"] if mode == "tokens" else None
        return Contestant(shape, label, command, query, batch_sizes, share=share)

    contestants = [jammi("jammi bf16", "bf16"), jammi("jammi f32", "f32"), jammi("jammi int8", "int8")]
    if not shape.is_random:
        best = "bf16" if has_bf16 else "f32"
        contestants.append(jammi(f"jammi {best} from text", best, "texts"))
    contestants += [
        peer("onnxruntime", "ONNX Runtime f32", onnx / "f32.onnx", (8, 16, 32, 64)),
        peer("onnxruntime", "ONNX Runtime int8", onnx / "int8.onnx", (8, 16, 32, 64)),
        peer("pytorch-f32", "PyTorch f32", model, (8, 16, 32)),
    ]
    if has_bf16 or not shape.is_random:
        share = 1 if has_bf16 else EMULATED_SHARE
        contestants.append(peer("pytorch-bf16", "PyTorch bf16", model, (8, 16, 32), share))
    reference = peer("reference", "reference", model, ())
    reference.arrangement = Arrangement()
    return contestants, reference


def arrange_peers(contestants, work, sweep):
    """Gives every peer its fastest arrangement on this machine: the one found for MiniLM, or for this shape when a sweep
    has been asked for."""
    path = DATA / "arrangements.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    here = known.setdefault(f"{machine()}, {requirements_digest()}", {})
    for contestant in contestants:
        if not contestant.batch_sizes:
            continue
        key = f"{contestant.shape.name} {contestant.label}" if contestant.shape.is_random else contestant.label
        if sweep or (key not in here and contestant.label not in here):
            progress(f"finding the best arrangement of {key}")
            here[key] = dataclasses.asdict(best_arrangement(contestant, work))
            path.write_text(json.dumps(known, indent=1))
        contestant.arrangement = Arrangement(**here.get(key, here.get(contestant.label)))


def best_arrangement(contestant, work):
    count = min(SWEEP_COUNT, contestant.count(work))
    tried = []
    for workers in (1, CORES):
        for batch in contestant.batch_sizes:
            contestant.arrangement = Arrangement(workers, CORES // workers, batch)
            rate = work.tokens(count) / contestant.run(work, count)["seconds"]
            tried.append((rate, contestant.arrangement))
            progress(f"  {contestant.arrangement}: {rate:,.0f} tokens/s")
    return max(tried, key=lambda entry: entry[0])[1]
