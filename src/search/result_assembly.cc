#include "search/result_assembly.h"

#include <string>
#include <utility>
#include <vector>

#include <arrow/array/builder_base.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <jammi/database.h>

#include "search/columns.h"

namespace jammi::search {
namespace {

std::shared_ptr<arrow::Table> without_column(const std::shared_ptr<arrow::Table>& table,
                                             const std::string& name) {
  const int position = table->schema()->GetFieldIndex(name);
  if (position < 0) return table;
  auto rest = table->RemoveColumn(position);
  throw_if_error(rest.status());
  return rest.ValueUnsafe();
}

}  // namespace

std::shared_ptr<arrow::Table> read_table(arrow::RecordBatchReader& reader) {
  auto table = reader.ToTable();
  throw_if_error(table.status());
  return table.ValueUnsafe();
}

std::shared_ptr<arrow::Array> finish_array(arrow::ArrayBuilder& builder) {
  std::shared_ptr<arrow::Array> array;
  throw_if_error(builder.Finish(&array));
  return array;
}

std::shared_ptr<arrow::Table> add_provenance(const Database& database,
                                             const std::shared_ptr<arrow::Table>& rows,
                                             const db::Provenance& provenance) {
  std::vector<std::string> ids = provenance.retrieved_by;
  ids.append_range(provenance.annotated_by);
  std::vector<ChannelRecord> channels = db::channels_in_order(database.list_channels(), ids);
  for (ChannelRecord& channel : channels) {
    std::erase_if(channel.columns, [&rows](const ChannelColumn& column) {
      return rows->schema()->GetFieldIndex(column.name) < 0;
    });
  }
  return db::merge_into_rows(without_column(rows, kRankColumn), channels, provenance, {});
}

}  // namespace jammi::search
