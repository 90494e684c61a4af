#include "catalog/channel_repository.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/testing.h"

namespace jammi::catalog {
namespace {

using enum ChannelColumnType;
using ::testing::ElementsAre;

const TenantScope kAlice = TenantScope::of("11111111-1111-4111-8111-111111111111");
const TenantScope kBob = TenantScope::of("22222222-2222-4222-8222-222222222222");

class ChannelRepositoryTest : public testing::BackendTest {
 protected:
  /// The channels that `scope` sees, as "id/priority(column:Type ...)".
  std::vector<std::string> shown(const TenantScope& scope = {}) const {
    std::vector<std::string> texts;
    for (const ChannelRecord& channel : channels_.list(scope)) {
      std::string columns;
      for (const ChannelColumn& column : channel.columns) {
        columns += (columns.empty() ? "" : " ") + column.name + ":" + std::string(to_string(column.type));
      }
      texts.push_back(channel.id + "/" + std::to_string(channel.priority) + "(" + columns + ")");
    }
    return texts;
  }

  std::string own(const TenantScope& scope = {}) const { return shown(scope).back(); }

  std::shared_ptr<Catalog> catalog_ = place_.open();
  ChannelRepository& channels_ = catalog_->channels();
};
TEST_ON_BOTH_BACKENDS(ChannelRepositoryTest);

TEST_P(ChannelRepositoryTest, built_in_channels_are_there_from_the_start) {
  EXPECT_THAT(shown(), ElementsAre("vector/1(similarity:Float32)",
                                   "inference/2(inference_model:Utf8 inference_task:Utf8 "
                                   "inference_confidence:Float32)"));
}

TEST_P(ChannelRepositoryTest, channels_are_listed_by_priority_then_id_with_columns_as_declared) {
  channels_.add("scored_by", 3, {{"ranker", Utf8}, {"rank_score", Float32}});
  channels_.add("cited", 3, {{"z", Boolean}, {"a", Int64}, {"m", Int32}, {"d", Float64}});
  channels_.add("first", -1, {});
  EXPECT_THAT(shown(), ElementsAre("first/-1()", "vector/1(similarity:Float32)", ::testing::_,
                                   "cited/3(z:Boolean a:Int64 m:Int32 d:Float64)",
                                   "scored_by/3(ranker:Utf8 rank_score:Float32)"));
  EXPECT_FALSE(channels_.list().back().created_at.empty());
}

TEST_P(ChannelRepositoryTest, added_columns_follow_the_declared_ones) {
  channels_.add("scored_by", 3, {{"ranker", Utf8}});
  channels_.add_columns("scored_by", {{"b", Int32}, {"a", Int32}});
  channels_.add_columns("scored_by", {});
  channels_.add_columns("scored_by", {{"scored_at", Utf8}});
  EXPECT_EQ(own(), "scored_by/3(ranker:Utf8 b:Int32 a:Int32 scored_at:Utf8)");
}

TEST_P(ChannelRepositoryTest, a_known_channel_is_refused_and_kept) {
  channels_.add("scored_by", 3, {{"ranker", Utf8}});
  EXPECT_ERROR(ErrorCode::AlreadyExists, "channel 'scored_by': already exists",
               channels_.add("scored_by", 9, {{"other", Int32}}));
  EXPECT_ERROR(ErrorCode::AlreadyExists, "channel 'vector': already exists", channels_.add("vector", 1, {}));
  EXPECT_ERROR(ErrorCode::AlreadyExists, "already exists", channels_.add("scored_by", 3, {}, kAlice));
  EXPECT_EQ(own(), "scored_by/3(ranker:Utf8)");
}

TEST_P(ChannelRepositoryTest, an_unknown_channel_cannot_be_extended) {
  EXPECT_ERROR(ErrorCode::NotFound, "channel 'scored_by': not registered",
               channels_.add_columns("scored_by", {{"ranker", Utf8}}));
}

TEST_P(ChannelRepositoryTest, a_built_in_channel_cannot_be_extended) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "channel 'vector': is built in",
               channels_.add_columns("vector", {{"rank", Int32}}));
}

TEST_P(ChannelRepositoryTest, redeclaring_a_column_is_refused_and_adds_none_of_the_columns) {
  channels_.add("scored_by", 3, {{"ranker", Utf8}});
  try {
    channels_.add_columns("scored_by", {{"scored_at", Utf8}, {"ranker", Int32}});
    FAIL() << "the column has another type";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "channel 'scored_by': column 'ranker' was declared Utf8, cannot redeclare as Int32");
    EXPECT_EQ(error.category(), ErrorCategory::Channel);
  }
  EXPECT_ERROR(ErrorCode::AlreadyExists, "channel 'scored_by': column 'ranker' already declared",
               channels_.add_columns("scored_by", {{"scored_at", Utf8}, {"ranker", Utf8}}));
  EXPECT_EQ(own(), "scored_by/3(ranker:Utf8)");
}

TEST_P(ChannelRepositoryTest, a_column_declared_twice_at_once_registers_nothing) {
  EXPECT_ERROR(ErrorCode::AlreadyExists, "channel 'scored_by': column 'a' already declared",
               channels_.add("scored_by", 3, {{"a", Utf8}, {"a", Utf8}}));
  EXPECT_EQ(shown().size(), 2u);
}

TEST_P(ChannelRepositoryTest, ids_follow_their_rule) {
  const std::pair<std::string, std::string> refused[] = {
      {"", "invalid channel id '': must not be empty"},
      {std::string(65, 'a'), "': must be at most 64 characters"},
      {"1st", "invalid channel id '1st': must start with a lowercase ASCII letter"},
      {"Scored", "must start with a lowercase ASCII letter"},
      {"scored-by", "invalid channel id 'scored-by': must be [a-z0-9_]"},
      {"scoréd", "must be [a-z0-9_]"},
      {std::string("a\0b", 3), R"(invalid channel id 'a\0b': must be [a-z0-9_])"},
  };
  for (const auto& [id, message] : refused) {
    EXPECT_ERROR(ErrorCode::InvalidArgument, message, channels_.add(id, 3, {}));
    EXPECT_ERROR(ErrorCode::InvalidArgument, message, channels_.add_columns(id, {}));
  }
  channels_.add(std::string(64, 'z'), 3, {});
  channels_.add("a_1", 3, {});
  EXPECT_EQ(shown().size(), 4u);
}

TEST_P(ChannelRepositoryTest, column_names_that_no_result_could_have_are_refused) {
  for (const std::string& name : {std::string(), std::string(256, 'c'), std::string("a\nb"),
                                  std::string("a\0b", 3), std::string("\xFF")}) {
    EXPECT_ERROR(ErrorCode::InvalidArgument, "a column name must be 1 to 255 bytes",
                 channels_.add("scored_by", 3, {{name, Utf8}}));
  }
  EXPECT_ERROR(ErrorCode::InvalidArgument, "every result has a column of this name already: 'annotated_by'",
               channels_.add("scored_by", 3, {{"annotated_by", Utf8}}));
  channels_.add("scored_by", 3, {{std::string(255, 'c'), Utf8}, {"größe in %; DROP", Int32}});
  EXPECT_EQ(channels_.list().back().columns[1].name, "größe in %; DROP");
}

TEST_P(ChannelRepositoryTest, a_type_of_another_version_is_named) {
  catalog_->pool().lease()->execute(
      "UPDATE evidence_channel_columns SET column_type = 'Decimal' WHERE channel_name = 'vector'");
  EXPECT_ERROR(ErrorCode::DataCorruption, "unknown channel column type stored in catalog: 'Decimal'",
               channels_.list());
}

TEST_P(ChannelRepositoryTest, tenants_see_and_extend_their_own_channels_beside_the_global_ones) {
  channels_.add("shared", 5, {});
  channels_.add("alices", 7, {}, kAlice);
  EXPECT_EQ(own(kAlice), "alices/7()");
  EXPECT_EQ(own(kBob), "shared/5()");
  EXPECT_EQ(own(), "shared/5()");
  channels_.add_columns("alices", {{"a", Utf8}}, kAlice);
  EXPECT_EQ(own(kAlice), "alices/7(a:Utf8)");
  for (const TenantScope& other : {kBob, TenantScope()}) {
    EXPECT_ERROR(ErrorCode::NotFound, "channel 'alices': not registered",
                 channels_.add_columns("alices", {{"b", Utf8}}, other));
  }
  EXPECT_ERROR(ErrorCode::NotFound, "not registered", channels_.add_columns("shared", {{"a", Utf8}}, kAlice));
}

}  // namespace
}  // namespace jammi::catalog
