#pragma once

#include <string_view>

#include <jammi/mutable_table.h>

/// What may be a mutable table.
namespace jammi::catalog {

/// Throws MutableTable InvalidArgument unless `id` can name a table of a user's.
void require_mutable_table_id(std::string_view id);

/// The same for a whole definition, whose catalog fields it does not look at.
void require_valid(const MutableTableDefinition& definition);

}  // namespace jammi::catalog
