#pragma once

#include <memory>

#include "catalog/catalog.h"
#include "sql/engine.h"

namespace jammi::db {

/// What the default SQL catalog shows of `catalog`: ready result tables, and the views `sources`, `models`,
/// `result_tables` and `channels` with the columns of the catalog's own tables. Connection options, which may
/// hold credentials, are not shown; `model_id` is the name a user gave; a channel's columns are one text,
/// "ranker:Utf8,rank_score:Float32".
sql::CatalogContent catalog_content(std::shared_ptr<catalog::Catalog> catalog);

}  // namespace jammi::db
