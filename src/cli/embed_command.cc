#include <fmt/format.h>

#include <jammi/session.h>

#include "cli/commands.h"
#include "cli/configure.h"
#include "cli/listing.h"
#include "cli/model_argument.h"
#include "cli/progress_line.h"

namespace jammi::cli {
namespace {

/// "1 row", "20,000 rows"
std::string count_of_rows(uint64_t count) {
  return with_thousands(count) + (count == 1 ? " row" : " rows");
}

void print_summary(const EmbeddingSummary& summary, const Context& context) {
  double seconds = summary.elapsed_seconds;
  auto rows = static_cast<uint64_t>(summary.table.row_count);
  context.out << fmt::format(
      "Embedded {} of '{}' into \"jammi.{}\" in {:.1f} s ({} rows/s, {} tokens/s, {}).\n",
      count_of_rows(rows), summary.table.source_id, summary.table.table_name, seconds,
      with_thousands(per_second(rows, seconds)), with_thousands(per_second(summary.tokens, seconds)),
      summary.precision);
  if (summary.rows_failed != 0) {
    const bool is_image = summary.table.task == ModelTask::ImageEmbedding;
    context.out << count_of_rows(summary.rows_failed) << " left out: no "
                << (is_image ? "readable image" : "text") << ", no key, or an error of the model.\n";
  }
  if (summary.duplicate_keys != 0) {
    context.status << "Warning: " << count_of_rows(summary.duplicate_keys)
                   << " with a key that another row has, too; a search cannot tell them apart.\n";
  }
}

Listing summary_record(const EmbeddingSummary& summary) {
  return {.columns = {{"Table", "table"},
                      {"Rows", "rows"},
                      {"Failed", "rows_failed"},
                      {"Duplicate keys", "duplicate_keys"},
                      {"Tokens", "tokens"},
                      {"Seconds", "elapsed_seconds"},
                      {"Precision", "precision"}},
          .rows = {{summary.table.table_name, std::to_string(summary.table.row_count),
                    std::to_string(summary.rows_failed), std::to_string(summary.duplicate_keys),
                    std::to_string(summary.tokens), fmt::format("{:.3f}", summary.elapsed_seconds),
                    summary.precision}},
          .empty_message = ""};
}

}  // namespace

void embed(const Context& context, const EmbedOptions& options) {
  auto session = open_session(context);
  EmbeddingSummary summary;
  {
    ProgressLine line(context.status, context.status_is_terminal);
    const std::string model = model_argument(options.model);
    const EmbeddingOptions embedding{.progress = [&](const Progress& progress) { line.show(progress); },
                                     .stop = context.stop};
    summary = options.image.empty() ? session->generate_text_embeddings(
                                          options.source, model, options.columns, options.key, embedding)
                                    : session->generate_image_embeddings(options.source, model, options.image,
                                                                         options.key, embedding);
  }
  if (context.format == OutputFormat::Table) {
    print_summary(summary, context);
  } else {
    print_listing(summary_record(summary), context.format, context.out);
  }
}

}  // namespace jammi::cli
