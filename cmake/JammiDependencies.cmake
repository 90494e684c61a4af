# Third-party packages, found once. Each is linked PRIVATE by the one folder that is its door (DESIGN: one door each).
find_package(PkgConfig REQUIRED)
find_package(Arrow QUIET REQUIRED)
find_package(Parquet QUIET REQUIRED)

# Arrow and Parquet are shared libraries, but static ones in a program with the property JAMMI_STATIC_ARROW: it has
# a third fewer symbols to bind and starts 12 ms sooner.
find_library(JAMMI_MIMALLOC_LIBRARY NAMES mimalloc libmimalloc.so.3 REQUIRED)  # what Arrow's package file forgets
set(is_static "$<BOOL:$<TARGET_PROPERTY:JAMMI_STATIC_ARROW>>")
add_library(jammi_arrow INTERFACE)
add_library(jammi::arrow ALIAS jammi_arrow)
target_link_libraries(jammi_arrow INTERFACE
  "$<IF:${is_static},Arrow::arrow_static,Arrow::arrow_shared>" "$<${is_static}:${JAMMI_MIMALLOC_LIBRARY}>")
add_library(jammi_parquet INTERFACE)
add_library(jammi::parquet ALIAS jammi_parquet)
target_link_libraries(jammi_parquet INTERFACE
  "$<IF:${is_static},Parquet::parquet_static,Parquet::parquet_shared>" jammi_arrow)

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
  find_package(onnxruntime REQUIRED)
  if(NOT JAMMI_SANITIZER STREQUAL "fuzzer")  # which is clang's, whose OpenMP the platform does not have
    find_package(OpenMP REQUIRED COMPONENTS CXX)
  endif()
  pkg_check_modules(VIPS REQUIRED IMPORTED_TARGET vips)

  # Any libtorch, with CUDA or without; CMAKE_PREFIX_PATH chooses one. Its own package file asks for the CUDA toolkit
  # and more, which a program that only calls libtorch does not need.
  find_library(JAMMI_TORCH_LIBRARY torch REQUIRED)
  find_library(JAMMI_TORCH_CPU_LIBRARY torch_cpu REQUIRED)
  find_library(JAMMI_C10_LIBRARY c10 REQUIRED)
  find_path(JAMMI_TORCH_INCLUDE ATen/ATen.h REQUIRED)
  add_library(jammi_libtorch INTERFACE)
  target_include_directories(jammi_libtorch SYSTEM INTERFACE
    "${JAMMI_TORCH_INCLUDE}" "${JAMMI_TORCH_INCLUDE}/torch/csrc/api/include")
  # libtorch.so has no functions of its own: it loads the CUDA part, which must not be dropped as unused.
  target_link_libraries(jammi_libtorch INTERFACE -Wl,--no-as-needed
    "${JAMMI_TORCH_LIBRARY}" "${JAMMI_TORCH_CPU_LIBRARY}" "${JAMMI_C10_LIBRARY}")
endif()
