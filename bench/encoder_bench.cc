// Throughput and latency of the encoder with random weights.
//
//   encoder_bench [f32|bf16|f16|int8 ...] [--onednn | --cuda | --torch] [--bert-base] [--tokens=N]
//   [--seconds=N]
//                 [--workers=N]
//
// The CPU's kernels, oneDNN's for every precision, the first CUDA device, or the plugin that serves it on the
// CPU; of the MiniLM-L6 shape unless BERT-base is asked for; with batches of 768 tokens unless another number
// is. Prints one line per precision: tokens per second of wall time over all workers, tokens per second of
// CPU time, and the latency of one 8-token query on one thread.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <jammi/error.h>

#include "nn/cpu/encoder.h"
#include "nn/testing.h"

namespace {

using namespace jammi;
using nn::testing::PackedBatch;
using Clock = std::chrono::steady_clock;

struct Settings {
  std::vector<nn::Precision> precisions;
  bool uses_onednn = false;
  nn::Device device;
  bool is_bert_base = false;
  int tokens_per_batch = 768;
  double seconds = 3;
  int num_workers = 2;
};

nn::EncoderSpec minilm() {
  return {.vocab_size = 30522,
          .hidden_size = 384,
          .num_layers = 6,
          .num_heads = 12,
          .intermediate_size = 1536,
          .max_positions = 512,
          .type_vocab_size = 2};
}

nn::EncoderSpec bert_base() {
  nn::EncoderSpec spec = minilm();
  spec.hidden_size = 768;
  spec.num_layers = 12;
  spec.intermediate_size = 3072;
  return spec;
}

/// Batches of texts as people write them: lognormal lengths with a mean of 58 tokens, 5 to 256.
std::vector<PackedBatch> realistic_batches(int64_t vocab_size, int tokens_per_batch) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> lengths(std::log(60.0) - 0.32, 0.8);
  std::vector<PackedBatch> batches;
  for (uint32_t batch = 0; batch < 48; ++batch) {
    std::vector<int> batch_lengths;
    int length = 0;
    for (int total = 0; total + length <= tokens_per_batch; total += length) {
      if (length > 0) batch_lengths.push_back(length);
      length = std::clamp(static_cast<int>(std::lround(lengths(random))), 5, 256);
    }
    batches.push_back(nn::testing::random_batch(batch_lengths, vocab_size, batch));
  }
  return batches;
}

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

struct Work {
  size_t num_tokens = 0;
  double cpu_seconds = 0;
};

/// Encodes batches until the deadline.
Work encode_until(const nn::Encoder& encoder, const std::vector<PackedBatch>& batches,
                  Clock::time_point deadline) {
  const auto worker = encoder.make_worker();
  const auto width = static_cast<size_t>(encoder.spec().hidden_size);
  std::vector<float> out;
  const auto encode = [&](const PackedBatch& batch) {
    const nn::PackedBatchView view = batch.view();
    out.resize(view.num_sequences() * width);
    worker->encode(view, nn::Pooling::Mean, true, out);
    return view.num_tokens();
  };
  encode(batches.front());
  Work work;
  const double start = thread_seconds();
  for (size_t i = 0; Clock::now() < deadline; ++i) work.num_tokens += encode(batches[i % batches.size()]);
  work.cpu_seconds = thread_seconds() - start;
  return work;
}

double query_milliseconds(const nn::Encoder& encoder, double seconds) {
  const int length[] = {8};
  const std::vector<PackedBatch> queries{nn::testing::random_batch(length, encoder.spec().vocab_size, 1)};
  const auto deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  const Work work = encode_until(encoder, queries, deadline);
  return work.cpu_seconds / static_cast<double>(work.num_tokens) * 8e3;
}

std::shared_ptr<const nn::Encoder> load(const nn::testing::RandomModel& model, nn::Precision precision,
                                        const Settings& settings) {
  if (settings.uses_onednn) {
    nn::cpu::Options options = nn::cpu::fastest_options(precision);
    options.uses_onednn = true;
    return nn::cpu::load_encoder(model.spec, model.names, model.source, precision, options);
  }
  return nn::Encoder::load(model.spec, model.names, model.source, precision, settings.device);
}

void measure(const nn::testing::RandomModel& model, nn::Precision precision, const Settings& settings) {
  const auto encoder = load(model, precision, settings);
  const std::vector<PackedBatch> batches =
      realistic_batches(model.spec.vocab_size, settings.tokens_per_batch);
  std::vector<Work> work(static_cast<size_t>(settings.num_workers));
  const auto start = Clock::now();
  const auto deadline =
      start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(settings.seconds));
  std::vector<std::thread> threads;
  for (Work& mine : work) threads.emplace_back([&] { mine = encode_until(*encoder, batches, deadline); });
  for (std::thread& thread : threads) thread.join();
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  double tokens = 0;
  double cpu = 0;
  for (const Work& mine : work) {
    tokens += static_cast<double>(mine.num_tokens);
    cpu += mine.cpu_seconds;
  }
  std::printf("%-4s %-24s %d workers  %7.0f tokens/s  %7.0f tokens/s of CPU time  8-token query %.2f ms\n",
              std::string(to_string(precision)).c_str(), encoder->kernel_name().c_str(), settings.num_workers,
              tokens / wall, tokens / cpu, query_milliseconds(*encoder, settings.seconds / 3));
}

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "f32") settings.precisions.push_back(nn::Precision::F32);
    if (argument == "bf16") settings.precisions.push_back(nn::Precision::Bf16);
    if (argument == "f16") settings.precisions.push_back(nn::Precision::F16);
    if (argument == "int8") settings.precisions.push_back(nn::Precision::Int8);
    if (argument == "--onednn") settings.uses_onednn = true;
    if (argument == "--cuda") settings.device = {.kind = nn::Device::Kind::Cuda};
    if (argument == "--torch") settings.device = {.kind = nn::Device::Kind::TorchCpu};
    if (argument == "--bert-base") settings.is_bert_base = true;
    if (argument.starts_with("--tokens="))
      settings.tokens_per_batch = std::stoi(std::string(argument.substr(9)));
    if (argument.starts_with("--seconds=")) settings.seconds = std::stod(std::string(argument.substr(10)));
    if (argument.starts_with("--workers="))
      settings.num_workers = std::stoi(std::string(argument.substr(10)));
  }
  if (settings.precisions.empty()) settings.precisions = {nn::Precision::F32, nn::Precision::Bf16};
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Settings settings = parse(argc, argv);
    const nn::testing::RandomModel model(settings.is_bert_base ? bert_base() : minilm(), 1);
    for (nn::Precision precision : settings.precisions) measure(model, precision, settings);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "encoder_bench: %s\n", error.what());
    return 1;
  }
}
