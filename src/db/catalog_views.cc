#include "db/catalog_views.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>

#include "base/url_password.h"
#include "sql/arrow_status.h"

namespace jammi::db {
namespace {

using catalog::TenantScope;

// One column of a view over records of type `Record`: text or, for integers, Int64.
template <typename Record>
struct ViewColumn {
  std::string name;
  std::function<std::optional<std::string>(const Record&)> text;
  std::function<std::optional<int64_t>(const Record&)> integer;

  std::shared_ptr<arrow::Field> field() const {
    return arrow::field(name, text ? arrow::utf8() : arrow::int64());
  }

  std::shared_ptr<arrow::Array> values(const std::vector<Record>& records) const {
    return text ? build<arrow::StringBuilder>(records, text) : build<arrow::Int64Builder>(records, integer);
  }

 private:
  template <typename Builder, typename Get>
  static std::shared_ptr<arrow::Array> build(const std::vector<Record>& records, const Get& get) {
    Builder builder;
    for (const Record& record : records) {
      auto value = get(record);
      sql::throw_if_error(value ? builder.Append(*value) : builder.AppendNull());
    }
    return sql::value_or_throw(builder.Finish());
  }
};

template <typename Record>
sql::CatalogView view(std::string name, std::vector<ViewColumn<Record>> columns,
                      std::function<std::vector<Record>(const TenantScope&)> list) {
  arrow::FieldVector fields;
  for (const auto& column : columns) fields.push_back(column.field());
  auto schema = arrow::schema(std::move(fields));
  return {.name = std::move(name), .schema = schema, .read = [=](const TenantScope& scope) {
            std::vector<Record> records = list(scope);
            arrow::ArrayVector arrays;
            for (const auto& column : columns) arrays.push_back(column.values(records));
            return arrow::Table::Make(schema, std::move(arrays), static_cast<int64_t>(records.size()));
          }};
}

template <typename Record, typename Get>
ViewColumn<Record> text(std::string name, Get get) {
  return {
      std::move(name), [get](const Record& record) { return std::optional<std::string>(get(record)); }, {}};
}

template <typename Record, typename Get>
ViewColumn<Record> integer(std::string name, Get get) {
  return {std::move(name), {}, [get](const Record& record) { return std::optional<int64_t>(get(record)); }};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

sql::CatalogView sources_view(std::shared_ptr<catalog::Catalog> catalog) {
  using R = SourceRecord;
  return view<R>(
      "sources",
      {text<R>("source_id", [](const R& r) { return r.id; }),
       text<R>("source_type", [](const R& r) { return std::string(to_string(r.type)); }),
       text<R>("uri", [](const R& r) { return base::hide_passwords(r.connection.url.value_or("")); }),
       text<R>("format",
               [](const R& r) -> std::optional<std::string> {
                 if (!r.connection.format) return std::nullopt;
                 return std::string(to_string(*r.connection.format));
               }),
       text<R>("created_at", [](const R& r) { return r.created_at; }),
       text<R>("updated_at", [](const R& r) { return r.updated_at; }),
       text<R>("tenant_id", [](const R& r) { return r.tenant_id; })},
      [catalog](const TenantScope& scope) { return catalog->sources().list(scope); });
}

sql::CatalogView models_view(std::shared_ptr<catalog::Catalog> catalog) {
  using R = ModelRecord;
  return view<R>("models",
                 {text<R>("model_id", [](const R& r) { return r.name; }),
                  integer<R>("version", [](const R& r) { return r.version; }),
                  text<R>("model_type", [](const R& r) { return r.type; }),
                  text<R>("task", [](const R& r) { return std::string(to_string(r.task)); }),
                  text<R>("backend", [](const R& r) { return r.backend; }),
                  text<R>("status", [](const R& r) { return r.status; }),
                  integer<R>("dimensions", [](const R& r) { return r.dimensions; }),
                  text<R>("metadata", [](const R& r) { return r.metadata_json; }),
                  text<R>("created_at", [](const R& r) { return r.created_at; }),
                  text<R>("updated_at", [](const R& r) { return r.updated_at; }),
                  text<R>("tenant_id", [](const R& r) { return r.tenant_id; })},
                 [catalog](const TenantScope& scope) { return catalog->models().list(scope); });
}

sql::CatalogView result_tables_view(std::shared_ptr<catalog::Catalog> catalog) {
  using R = ResultTableRecord;
  return view<R>("result_tables",
                 {text<R>("table_name", [](const R& r) { return r.table_name; }),
                  text<R>("source_id", [](const R& r) { return r.source_id; }),
                  text<R>("model_id", [](const R& r) { return r.model_id; }),
                  text<R>("task", [](const R& r) { return std::string(to_string(r.task)); }),
                  text<R>("parquet_path", [](const R& r) { return r.parquet_path; }),
                  text<R>("index_path", [](const R& r) { return r.index_path; }),
                  integer<R>("dimensions", [](const R& r) { return r.dimensions; }),
                  text<R>("distance_metric", [](const R& r) { return r.distance_metric; }),
                  integer<R>("row_count", [](const R& r) { return r.row_count; }),
                  text<R>("status", [](const R& r) { return std::string(to_string(r.status)); }),
                  text<R>("key_column", [](const R& r) { return r.key_column; }),
                  text<R>("text_columns", [](const R& r) { return joined(r.text_columns); }),
                  text<R>("created_at", [](const R& r) { return r.created_at; }),
                  text<R>("completed_at", [](const R& r) { return r.completed_at; }),
                  text<R>("tenant_id", [](const R& r) { return r.tenant_id; })},
                 [catalog](const TenantScope& scope) { return catalog->result_tables().list(scope); });
}

std::string declared(const std::vector<ChannelColumn>& columns) {
  std::vector<std::string> parts;
  for (const ChannelColumn& column : columns)
    parts.push_back(column.name + ":" + std::string(to_string(column.type)));
  return joined(parts);
}

sql::CatalogView channels_view(std::shared_ptr<catalog::Catalog> catalog) {
  using R = ChannelRecord;
  return view<R>("channels",
                 {text<R>("channel_name", [](const R& r) { return r.id; }),
                  integer<R>("priority", [](const R& r) { return r.priority; }),
                  text<R>("columns", [](const R& r) { return declared(r.columns); }),
                  text<R>("created_at", [](const R& r) { return r.created_at; }),
                  text<R>("tenant_id", [](const R& r) { return r.tenant_id; })},
                 [catalog](const TenantScope& scope) { return catalog->channels().list(scope); });
}

bool is_same_name(const std::string& left, const std::string& right) {
  auto lower = [](unsigned char c) { return std::tolower(c); };
  return std::ranges::equal(left, right, {}, lower, lower);
}

std::vector<sql::ResultFile> ready_tables(catalog::Catalog& catalog, const TenantScope& scope) {
  std::vector<sql::ResultFile> files;
  for (const ResultTableRecord& table : catalog.result_tables().list(scope)) {
    if (table.status == ResultTableStatus::Ready) files.push_back({table.table_name, table.parquet_path});
  }
  return files;
}

std::optional<sql::ResultFile> find_ready_table(catalog::Catalog& catalog, const std::string& name,
                                                const TenantScope& scope) {
  if (auto table = catalog.result_tables().find(name, scope)) {
    if (table->status != ResultTableStatus::Ready) return std::nullopt;
    return sql::ResultFile{table->table_name, table->parquet_path};
  }
  for (sql::ResultFile& file : ready_tables(catalog, scope)) {
    if (is_same_name(file.table_name, name)) return file;
  }
  return std::nullopt;
}

}  // namespace

sql::CatalogContent catalog_content(std::shared_ptr<catalog::Catalog> catalog) {
  return {.find_result_table =
              [catalog](const std::string& name, const TenantScope& scope) {
                return find_ready_table(*catalog, name, scope);
              },
          .list_result_tables = [catalog](const TenantScope& scope) { return ready_tables(*catalog, scope); },
          .views = {sources_view(catalog), models_view(catalog), result_tables_view(catalog),
                    channels_view(catalog)}};
}

}  // namespace jammi::db
