// Our side of bench/embed.py: embeds its workload and prints what it took as one JSON object.
//
//   embed_bench tokens|texts --model DIRECTORY --workload FILE [--vectors FILE]
//                            [--precision f32|bf16] [--texts N] [--threads N]
//   embed_bench query --model DIRECTORY [--precision f32|bf16]
//   embed_bench peak [--threads N]
//
// The workload is an Arrow stream with the columns key, text and token_ids. `tokens` times the encoder on the
// ids, `texts` the embedding stream from text to vector, `query` one 8-token query on one thread, `peak` f32
// multiply-adds. The vectors go to FILE, raw float32.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/table.h>
#include <nlohmann/json.hpp>

#include "fma_rate.h"
#include "inference/text_model_stream.h"
#include "inference/token_batches.h"
#include "model/text_embedder.h"

namespace {

using namespace jammi;
using Clock = std::chrono::steady_clock;

constexpr int kQueryCalls = 1000;
constexpr int32_t kQuery[] = {101, 2129, 2079, 1045, 16500, 1037, 5371, 102};  // "how do i compress a file"

struct Settings {
  std::string model;
  std::string workload;
  std::string vectors;
  std::string precision = "f32";
  int64_t num_texts = 2000;
  size_t num_threads = 2;
};

/// Wall time and CPU time of all threads since construction.
class Stopwatch {
 public:
  nlohmann::json read() const {
    return {{"seconds", std::chrono::duration<double>(Clock::now() - start_).count()},
            {"cpu_seconds", cpu_seconds() - cpu_start_}};
  }

 private:
  static double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }

  Clock::time_point start_ = Clock::now();
  double cpu_start_ = cpu_seconds();
};

template <typename Value>
Value value_of(arrow::Result<Value> result) {
  if (!result.ok()) throw std::runtime_error(result.status().message());
  return *std::move(result);
}

/// The first texts of the workload, each column in one chunk.
std::shared_ptr<arrow::Table> read_workload(const Settings& settings) {
  auto file = value_of(arrow::io::ReadableFile::Open(settings.workload));
  auto table = value_of(value_of(arrow::ipc::RecordBatchStreamReader::Open(file))->ToTable());
  return value_of(table->Slice(0, settings.num_texts)->CombineChunks());
}

std::vector<std::vector<int32_t>> token_ids(const arrow::Table& workload) {
  const auto& lists = dynamic_cast<const arrow::ListArray&>(*workload.GetColumnByName("token_ids")->chunk(0));
  const auto& values = dynamic_cast<const arrow::Int32Array&>(*lists.values());
  std::vector<std::vector<int32_t>> texts;
  for (int64_t i = 0; i < lists.length(); ++i) {
    const int32_t* begin = values.raw_values() + lists.value_offset(i);
    texts.emplace_back(begin, begin + lists.value_length(i));
  }
  return texts;
}

std::shared_ptr<const model::TextEmbedder> load_embedder(const Settings& settings) {
  const model::ResolvedModel files = model::Resolver(Config::Backend::Auto, {}, {})
                                         .resolve(model::parse_model_source("local:" + settings.model));
  return model::TextEmbedder::load(
      files, settings.precision == "bf16" ? Config::Precision::Bf16 : Config::Precision::F32);
}

/// Encodes batches of texts on one thread and puts each vector in its text's place.
class BatchEncoder {
 public:
  BatchEncoder(const model::TextEmbedder& embedder, const std::vector<std::vector<int32_t>>& texts,
               std::span<float> vectors)
      : texts_(texts), vectors_(vectors), width_(embedder.dimensions()), worker_(embedder.make_worker()) {}

  void encode(std::span<const uint32_t> batch) {
    text::TokenBatch packed;
    for (uint32_t text : batch) {
      packed.token_ids.insert(packed.token_ids.end(), texts_[text].begin(), texts_[text].end());
      packed.offsets.push_back(static_cast<int32_t>(packed.token_ids.size()));
    }
    std::vector<float> out(batch.size() * width_);
    worker_->compute(model::view(packed), out);
    for (size_t i = 0; i < batch.size(); ++i) {
      std::copy_n(&out[i * width_], width_, &vectors_[batch[i] * width_]);
    }
  }

 private:
  const std::vector<std::vector<int32_t>>& texts_;
  std::span<float> vectors_;
  size_t width_;
  std::unique_ptr<model::TextWorker> worker_;
};

nlohmann::json encode_tokens(const Settings& settings, const model::TextEmbedder& embedder,
                             std::vector<float>& vectors) {
  const auto texts = token_ids(*read_workload(settings));
  std::vector<int32_t> lengths;
  for (const auto& text : texts) lengths.push_back(static_cast<int32_t>(text.size()));
  vectors.resize(texts.size() * embedder.dimensions());
  const auto batches = inference::plan_token_batches(lengths, inference::StreamOptions{}.tokens_per_batch);

  std::vector<BatchEncoder> encoders;
  for (size_t i = 0; i < settings.num_threads; ++i) {
    encoders.emplace_back(embedder, texts, vectors);
    encoders.back().encode(batches.back());
    encoders.back().encode(batches.front());
  }
  std::atomic<size_t> next_batch = 0;
  const Stopwatch stopwatch;
  std::vector<std::jthread> threads;
  for (BatchEncoder& encoder : encoders) {
    threads.emplace_back([&] {
      for (size_t i; (i = next_batch++) < batches.size();) encoder.encode(batches[i]);
    });
  }
  threads.clear();
  return stopwatch.read();
}

nlohmann::json embed_texts(const Settings& settings,
                           const std::shared_ptr<const model::TextEmbedder>& embedder,
                           std::vector<float>& vectors) {
  const auto columns = value_of(read_workload(settings)->SelectColumns({0, 1}));
  const inference::StreamOptions options{.num_threads = settings.num_threads};
  embedder->embed("first use");
  const Stopwatch stopwatch;
  inference::TextModelStream stream(
      embedder, inference::TextRowReader(std::make_shared<arrow::TableBatchReader>(columns)), options);
  while (auto rows = stream.next()) {
    vectors.insert(vectors.end(), rows->values.begin(), rows->values.end());
  }
  return stopwatch.read();
}

nlohmann::json query_latency(const model::TextEmbedder& embedder) {
  const std::vector<int32_t> offsets{0, std::size(kQuery)};
  const nn::PackedBatchView query{.token_ids = kQuery, .offsets = offsets};
  std::vector<float> vector(embedder.dimensions());
  const auto worker = embedder.make_worker();
  std::vector<double> milliseconds;
  for (int call = 0; call < kQueryCalls; ++call) {
    const auto start = Clock::now();
    worker->compute(query, vector);
    milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::ranges::nth_element(milliseconds, milliseconds.begin() + kQueryCalls / 2);
  return {{"query_ms", milliseconds[kQueryCalls / 2]}};
}

nlohmann::json run(const std::string& mode, const Settings& settings) {
  if (mode == "peak") return {{"gflops_per_core", bench::fma_gigaflops_per_core(settings.num_threads)}};
  const auto embedder = load_embedder(settings);
  std::vector<float> vectors;
  nlohmann::json result = mode == "tokens"  ? encode_tokens(settings, *embedder, vectors)
                          : mode == "texts" ? embed_texts(settings, embedder, vectors)
                                            : query_latency(*embedder);
  if (!settings.vectors.empty()) {
    std::ofstream(settings.vectors, std::ios::binary)
        .write(reinterpret_cast<const char*>(vectors.data()),
               static_cast<std::streamsize>(vectors.size() * sizeof(float)));
  }
  result["kernel"] = embedder->kernel_name();
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Embeds the workload of bench/embed.py");
  Settings settings;
  std::string mode;
  app.add_option("mode", mode)->required()->check(CLI::IsMember({"tokens", "texts", "query", "peak"}));
  app.add_option("--model", settings.model);
  app.add_option("--workload", settings.workload);
  app.add_option("--vectors", settings.vectors);
  app.add_option("--precision", settings.precision)->check(CLI::IsMember({"f32", "bf16"}));
  app.add_option("--texts", settings.num_texts);
  app.add_option("--threads", settings.num_threads);
  CLI11_PARSE(app, argc, argv);
  try {
    std::cout << run(mode, settings) << '\n';
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "embed_bench: " << error.what() << '\n';
    return 1;
  }
}
