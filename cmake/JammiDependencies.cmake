# Third-party packages, found once. Each is linked PRIVATE by the one folder that is its door (DESIGN: one door each).
find_package(PkgConfig REQUIRED)
find_package(Arrow QUIET REQUIRED)
find_package(Parquet QUIET REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)

# Debian's DuckDB package file refers to static libraries that Debian does not ship.
find_library(JAMMI_DUCKDB_LIBRARY duckdb REQUIRED)
find_path(JAMMI_DUCKDB_INCLUDE duckdb.hpp REQUIRED)
add_library(jammi_duckdb UNKNOWN IMPORTED)
set_target_properties(jammi_duckdb PROPERTIES IMPORTED_LOCATION "${JAMMI_DUCKDB_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${JAMMI_DUCKDB_INCLUDE}")
if(NOT JAMMI_DB_ONLY)
  find_package(dnnl REQUIRED)
  find_package(OpenMP REQUIRED COMPONENTS CXX)
endif()
