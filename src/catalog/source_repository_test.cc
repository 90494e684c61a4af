#include "catalog/source_repository.h"

#include <regex>

#include <gtest/gtest.h>

#include "catalog/testing.h"

namespace jammi::catalog {
namespace {

const TenantScope kAlice = TenantScope::of("11111111-1111-4111-8111-111111111111");
const TenantScope kBob = TenantScope::of("22222222-2222-4222-8222-222222222222");

class SourceRepositoryTest : public testing::BackendTest {
 protected:
  std::shared_ptr<Catalog> catalog_ = place_.open();
  SourceRepository& sources_ = catalog_->sources();
};
TEST_ON_BOTH_BACKENDS(SourceRepositoryTest);

TEST_P(SourceRepositoryTest, a_source_comes_back_as_registered) {
  const SourceConnection connection{
      "file:///data/a b.csv", FileFormat::Csv, {{"cloud", "{\"kind\":\"s3\"}"}}};
  const SourceRecord added = sources_.add("päten's", SourceType::File, connection);
  const SourceRecord found = sources_.get("päten's");
  EXPECT_EQ(found.connection.url, connection.url);
  EXPECT_EQ(found.connection.format, FileFormat::Csv);
  EXPECT_EQ(found.connection.options, connection.options);
  EXPECT_EQ(found.created_at, added.created_at);
  EXPECT_TRUE(std::regex_match(found.created_at, std::regex(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")));
}

TEST_P(SourceRepositoryTest, stores_the_words_other_programs_read) {
  sources_.add("db", SourceType::Postgres, {.url = "postgres://h/d", .format = {}, .options = {}});
  auto lease = catalog_->pool().lease();
  Statement select(*lease, "SELECT source_type, uri, name FROM sources");
  ASSERT_TRUE(select.step());
  EXPECT_EQ(select.text(0), "\"postgres\"");
  EXPECT_EQ(select.text(1), "postgres://h/d");
  EXPECT_EQ(select.text(2), "db");
}

TEST_P(SourceRepositoryTest, a_second_registration_is_refused_and_changes_nothing) {
  sources_.add("patents", SourceType::File, {.url = "a.csv", .format = {}, .options = {}});
  EXPECT_ERROR(ErrorCode::AlreadyExists, "Source error: patents: Source already registered",
               sources_.add("patents", SourceType::Mysql, {}));
  EXPECT_ERROR(ErrorCode::AlreadyExists, "already registered",
               sources_.add("patents", SourceType::File, {}, kAlice));
  EXPECT_EQ(sources_.get("patents").type, SourceType::File);
}

TEST_P(SourceRepositoryTest, tenants_see_their_own_and_global_sources) {
  sources_.add("a", SourceType::File, {}, kAlice);
  sources_.add("b", SourceType::File, {}, kBob);
  sources_.add("global", SourceType::File, {});
  auto ids = [&](const TenantScope& scope) {
    std::string text;
    for (const SourceRecord& source : sources_.list(scope)) text += source.id + " ";
    return text;
  };
  EXPECT_EQ(ids(kAlice), "a global ");
  EXPECT_EQ(ids(kBob), "b global ");
  EXPECT_EQ(ids({}), "global ");
  EXPECT_EQ(ids(TenantScope::everything()), "a b global ");
  EXPECT_ERROR(ErrorCode::NotFound, "Source not found", sources_.get("a", kBob));
}

TEST_P(SourceRepositoryTest, a_tenant_removes_only_its_own_sources) {
  sources_.add("a", SourceType::File, {}, kAlice);
  sources_.add("global", SourceType::File, {});
  EXPECT_ERROR(ErrorCode::NotFound, "Source error: a: Source not found", sources_.remove("a", kBob));
  EXPECT_ERROR(ErrorCode::NotFound, "Source not found", sources_.remove("global", kAlice));
  sources_.remove("a", kAlice);
  sources_.remove("global");
  EXPECT_TRUE(sources_.list(TenantScope::everything()).empty());
}

TEST_P(SourceRepositoryTest, an_unreadable_row_is_reported_with_its_source) {
  sources_.add("patents", SourceType::File, {});
  catalog_->pool().lease()->execute("UPDATE sources SET options = '{oops'");
  EXPECT_ERROR(ErrorCode::DataCorruption, "Source error: patents", sources_.list());
}

TEST_P(SourceRepositoryTest, a_url_that_is_not_text_is_refused) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "not valid UTF-8",
               sources_.add("a", SourceType::File, {.url = "\xFF\xFE", .format = {}, .options = {}}));
}

}  // namespace
}  // namespace jammi::catalog
