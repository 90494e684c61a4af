#include "engine/sql_functions.h"

#include <memory>
#include <utility>

#include <arrow/table.h>

#include <jammi/error.h>

#include "catalog/catalog.h"
#include "engine/relation_name.h"
#include "inference/inference_reader.h"
#include "inference/vector_memo.h"
#include "model/resolver.h"
#include "sql/functions.h"

namespace jammi::engine {
namespace {

// Of vectors that one statement's calls of `embed` remember for each model.
constexpr size_t kMemoBytes = 64 << 20;

constexpr size_t kFewestAnnotateArguments = 5;

Error wrong_argument(const std::string& message) {
  return Error(ErrorCode::InvalidArgument, ErrorCategory::Sql, message);
}

const std::string& text_argument(const std::vector<sql::Constant>& arguments, size_t i, const char* what) {
  if (const auto* text = std::get_if<std::string>(&arguments[i])) return *text;
  throw wrong_argument("argument " + std::to_string(i + 1) + ", " + what + ", must be a text");
}

// annotate(model, task, relation, key_column, content_column, ...)
sql::FunctionRows bind_annotate(const FunctionTools& tools, const std::vector<sql::Constant>& arguments,
                                std::stop_token stop) {
  if (arguments.size() < kFewestAnnotateArguments) {
    throw wrong_argument(
        "annotate(model, task, relation, key_column, content_column, ...) needs at least 5 arguments, got " +
        std::to_string(arguments.size()));
  }
  const std::string& model = text_argument(arguments, 0, "the model");
  const ModelTask kind = parse_model_task(text_argument(arguments, 1, "the task"));
  const RelationName relation = parse_relation_name(text_argument(arguments, 2, "the relation"));
  inference::TextInput input{.source = relation.source,
                             .columns = {},
                             .key = text_argument(arguments, 3, "the key column"),
                             .table = relation.table};
  for (size_t i = 4; i < arguments.size(); ++i) {
    input.columns.push_back(text_argument(arguments, i, "a content column"));
  }
  inference::describe_table(tools.session->database(),
                            input);  // a wrong name is cheaper to find than a model
  auto task = tools.runner->load(model, kind, std::move(stop));
  return {.schema = inference::inference_schema(*task),
          .open = [runner = tools.runner, task, input](std::stop_token running) {
            return runner->infer(task, input, {.progress = {}, .stop = running});
          }};
}

/// The model that made a table, as a user names it.
std::string model_of(const ResultTableRecord& table) {
  model::ModelSource source = model::model_source_of_canonical_id(table.model_id);
  return source.kind == model::ModelSource::Kind::Local ? "local:" + source.id : source.id;
}

struct VectorSearch {
  ResultTableRecord table;
  std::variant<std::string, std::vector<float>> query;
  size_t k = 0;

  std::shared_ptr<arrow::Table> run(Session& session, std::stop_token stop) const {
    const std::string* text = std::get_if<std::string>(&query);
    std::vector<float> vector =
        text ? session.encode_text_query(model_of(table), *text, stop) : std::get<std::vector<float>>(query);
    return session.search(table.source_id, std::move(vector), k, {.table = table.table_name}).run(stop);
  }

  /// The result's columns, found by searching for nothing. Checks the query but for its text.
  std::shared_ptr<arrow::Schema> schema(Session& session, std::stop_token stop) const {
    const auto* vector = std::get_if<std::vector<float>>(&query);
    std::vector<float> any(static_cast<size_t>(table.dimensions.value()));
    return session.search(table.source_id, vector ? *vector : std::move(any), 0, {.table = table.table_name})
        .run(std::move(stop))
        ->schema();
  }
};

// vector_search(source, query text or vector, k)
sql::FunctionRows bind_vector_search(const std::shared_ptr<Session>& session,
                                     const std::vector<sql::Constant>& arguments, const sql::Caller& caller) {
  if (arguments.size() != 3) {
    throw wrong_argument("vector_search(source, query, k) needs 3 arguments, got " +
                         std::to_string(arguments.size()));
  }
  VectorSearch search;
  const std::string& source = text_argument(arguments, 0, "the source");
  search.table = session->database().catalog().result_tables().latest_ready_embedding(source, caller.scope);
  if (const auto* vector = std::get_if<std::vector<float>>(&arguments[1])) {
    search.query = *vector;
  } else if (const auto* text = std::get_if<std::string>(&arguments[1]); text != nullptr && !text->empty()) {
    search.query = *text;
  } else {
    throw wrong_argument("argument 2, the query, must be a text that is not empty or a list of numbers");
  }
  const auto* k = std::get_if<int64_t>(&arguments[2]);
  if (k == nullptr || *k < 0) throw wrong_argument("argument 3, k, must be a whole number of 0 or more");
  search.k = static_cast<size_t>(*k);

  auto schema = search.schema(*session, caller.stop);
  return {.schema = schema,
          .open =
              [session, search](std::stop_token running) {
                return std::make_shared<arrow::TableBatchReader>(search.run(*session, running));
              },
          .estimated_rows = search.k};
}

// embed(model, text)
sql::TextVectors bind_embed(inference::Runner& runner, size_t num_threads, const std::string& model,
                            std::stop_token stop) {
  auto task = runner.load(model, ModelTask::TextEmbedding, std::move(stop));
  const auto& type = static_cast<const arrow::FixedSizeListType&>(*task->columns().at(0)->type());
  const auto dimensions = static_cast<uint32_t>(type.list_size());
  auto memo = std::make_shared<inference::VectorMemo>(task, dimensions, num_threads, kMemoBytes);
  return {.dimensions = dimensions,
          .compute = [memo](std::span<const std::string_view> texts, std::stop_token running) {
            return memo->compute(texts, std::move(running));
          }};
}

}  // namespace

void add_sql_functions(Database& database,
                       std::function<FunctionTools(const catalog::TenantScope& scope)> tools_for) {
  database.add_function(sql::TableFunction{
      "annotate", [tools_for](const std::vector<sql::Constant>& arguments, const sql::Caller& caller) {
        return bind_annotate(tools_for(caller.scope), arguments, caller.stop);
      }});
  database.add_function(sql::TableFunction{
      "vector_search", [tools_for](const std::vector<sql::Constant>& arguments, const sql::Caller& caller) {
        return bind_vector_search(tools_for(caller.scope).session, arguments, caller);
      }});
  const size_t num_threads = database.config().engine.execution_threads;
  database.add_function(sql::VectorFunction{
      "embed", [tools_for, num_threads](const std::string& model, const sql::Caller& caller) {
        return bind_embed(*tools_for(caller.scope).runner, num_threads, model, caller.stop);
      }});
}

}  // namespace jammi::engine
