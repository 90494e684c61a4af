// Our side of bench/embed.py: embeds its workload and prints what it took as one JSON object.
//
//   embed_bench tokens|texts|classes|images --model DIRECTORY --workload FILE [--vectors FILE]
//                                           [--precision f32|bf16|int8] [--count N] [--threads N]
//   embed_bench query --model DIRECTORY [--precision f32|bf16|int8]
//   embed_bench peak [--threads N]
//
// The workload is an Arrow stream with the columns key, text and token_ids, or the pixels of images, raw
// float32. `tokens` times the encoder on the ids, `classes` a classifier on them, `images` an encoder of
// images, `texts` the embedding stream from text to vector, `query` one 8-token query on one thread, `peak`
// f32 multiply-adds. The vectors or logits go to FILE, raw float32.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
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
#include "model/image_embedder.h"
#include "model/text_classifier.h"
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
  Config::Precision precision = Config::Precision::F32;
  int64_t count = 2000;  // of texts or images
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
  return value_of(table->Slice(0, settings.count)->CombineChunks());
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

model::ResolvedModel resolve(const Settings& settings) {
  return model::Resolver(Config::Backend::Auto, {}, {})
      .resolve(model::parse_model_source("local:" + settings.model));
}

/// Encodes batches of texts on one thread and puts each vector in its text's place.
class BatchEncoder {
 public:
  BatchEncoder(const model::TextModel& model, const std::vector<std::vector<int32_t>>& texts,
               std::span<float> vectors)
      : texts_(texts), vectors_(vectors), width_(model.row_width()), worker_(model.make_worker()) {}

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

/// Runs `task(i)` for all i < `count` on `workers.size()` threads, each with a worker of its own, and says
/// how long that took.
template <typename Worker, typename Task>
nlohmann::json time_tasks(std::vector<Worker>& workers, size_t count, const Task& task) {
  std::atomic<size_t> next = 0;
  const Stopwatch stopwatch;
  std::vector<std::jthread> threads;
  for (Worker& worker : workers) {
    threads.emplace_back([&] {
      for (size_t i; (i = next++) < count;) task(worker, i);
    });
  }
  threads.clear();
  return stopwatch.read();
}

nlohmann::json encode_tokens(const Settings& settings, const model::TextModel& model,
                             std::vector<float>& vectors) {
  const auto texts = token_ids(*read_workload(settings));
  std::vector<int32_t> lengths;
  for (const auto& text : texts) lengths.push_back(static_cast<int32_t>(text.size()));
  vectors.resize(texts.size() * model.row_width());
  const auto batches = inference::plan_token_batches(lengths, model.tokens_per_batch());

  std::vector<BatchEncoder> encoders;
  for (size_t i = 0; i < settings.num_threads; ++i) {
    encoders.emplace_back(model, texts, vectors);
    encoders.back().encode(batches.back());
    encoders.back().encode(batches.front());
  }
  return time_tasks(encoders, batches.size(),
                    [&](BatchEncoder& encoder, size_t i) { encoder.encode(batches[i]); });
}

/// The pixels of the first images of the workload.
std::vector<float> read_pixels(const Settings& settings, size_t values_per_image) {
  std::vector<float> pixels(static_cast<size_t>(settings.count) * values_per_image);
  std::ifstream file(settings.workload, std::ios::binary);
  file.read(reinterpret_cast<char*>(pixels.data()),
            static_cast<std::streamsize>(pixels.size() * sizeof(float)));
  if (!file) throw std::runtime_error("the workload has fewer images than asked for");
  return pixels;
}

nlohmann::json encode_images(const Settings& settings, const model::ImageEmbedder& embedder,
                             std::vector<float>& vectors) {
  const size_t values_per_image = 3 * embedder.preprocessing().size * embedder.preprocessing().size;
  const std::vector<float> pixels = read_pixels(settings, values_per_image);
  const auto num_images = static_cast<size_t>(settings.count);
  const size_t width = embedder.dimensions();
  vectors.resize(num_images * width);
  const size_t batch_size = std::max<size_t>(1, embedder.tokens_per_batch() / embedder.tokens_per_image());
  using Worker = std::unique_ptr<model::ImageWorker>;
  const auto encode = [&](Worker& worker, size_t batch) {
    const size_t first = batch * batch_size;
    const size_t size = std::min(batch_size, num_images - first);
    worker->encode(std::span(pixels).subspan(first * values_per_image, size * values_per_image),
                   std::span(vectors).subspan(first * width, size * width));
  };
  std::vector<Worker> workers;
  for (size_t i = 0; i < settings.num_threads; ++i) {
    workers.push_back(embedder.make_worker());
    encode(workers.back(), 0);
  }
  return time_tasks(workers, (num_images + batch_size - 1) / batch_size, encode);
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

nlohmann::json run_classifier(const Settings& settings, std::vector<float>& vectors) {
  const auto classifier =
      model::TextClassifier::load(resolve(settings), model::ClassifierKind::Sequence, settings.precision);
  return encode_tokens(settings, *classifier, vectors);
}

nlohmann::json run_image_embedder(const Settings& settings, std::vector<float>& vectors) {
  const auto embedder = model::ImageEmbedder::load(resolve(settings), settings.precision);
  nlohmann::json result = encode_images(settings, *embedder, vectors);
  result["kernel"] = embedder->kernel_name();
  return result;
}

nlohmann::json run_embedder(const std::string& mode, const Settings& settings, std::vector<float>& vectors) {
  const auto embedder = model::TextEmbedder::load(resolve(settings), settings.precision);
  nlohmann::json result = mode == "tokens"  ? encode_tokens(settings, *embedder, vectors)
                          : mode == "texts" ? embed_texts(settings, embedder, vectors)
                                            : query_latency(*embedder);
  result["kernel"] = embedder->kernel_name();
  return result;
}

nlohmann::json run(const std::string& mode, const Settings& settings) {
  if (mode == "peak") return {{"gflops_per_core", bench::fma_gigaflops_per_core(settings.num_threads)}};
  std::vector<float> vectors;
  nlohmann::json result = mode == "classes"  ? run_classifier(settings, vectors)
                          : mode == "images" ? run_image_embedder(settings, vectors)
                                             : run_embedder(mode, settings, vectors);
  if (!settings.vectors.empty()) {
    std::ofstream(settings.vectors, std::ios::binary)
        .write(reinterpret_cast<const char*>(vectors.data()),
               static_cast<std::streamsize>(vectors.size() * sizeof(float)));
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Embeds the workload of bench/embed.py");
  Settings settings;
  std::string mode;
  app.add_option("mode", mode)
      ->required()
      ->check(CLI::IsMember({"tokens", "texts", "classes", "images", "query", "peak"}));
  app.add_option("--model", settings.model);
  app.add_option("--workload", settings.workload);
  app.add_option("--vectors", settings.vectors);
  app.add_option("--precision", settings.precision)
      ->transform(
          CLI::Transformer(std::map<std::string, Config::Precision>{{"f32", Config::Precision::F32},
                                                                    {"bf16", Config::Precision::Bf16},
                                                                    {"int8", Config::Precision::Int8}}));
  app.add_option("--count", settings.count);
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
