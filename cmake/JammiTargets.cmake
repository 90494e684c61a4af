# One helper per kind of target. A target is a folder under src/; its headers are listed so that
# scripts/check_layers.py can tell that every header belongs to one.
include(CTest)
find_package(Threads REQUIRED)

add_library(jammi_build_options INTERFACE)
target_compile_features(jammi_build_options INTERFACE cxx_std_23)
target_include_directories(jammi_build_options INTERFACE
  "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
target_compile_options(jammi_build_options INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor)
target_link_libraries(jammi_build_options INTERFACE Threads::Threads)
if(JAMMI_WARNINGS_AS_ERRORS)
  target_compile_options(jammi_build_options INTERFACE -Werror)
endif()
if(JAMMI_SANITIZER STREQUAL "address")
  # Instrumented std::regex makes GCC warn of uninitialized members that are not.
  target_compile_options(jammi_build_options INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer
    -Wno-maybe-uninitialized)
  target_link_options(jammi_build_options INTERFACE -fsanitize=address,undefined)
elseif(JAMMI_SANITIZER STREQUAL "fuzzer")
  target_compile_options(jammi_build_options INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(jammi_build_options INTERFACE -fsanitize=address,undefined)
elseif(JAMMI_SANITIZER STREQUAL "thread")
  target_compile_options(jammi_build_options INTERFACE -fsanitize=thread)
  target_link_options(jammi_build_options INTERFACE -fsanitize=thread)
endif()
find_program(JAMMI_MOLD mold)
if(JAMMI_MOLD)
  target_link_options(jammi_build_options INTERFACE -fuse-ld=mold)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

function(jammi_add_layer name)
  if(EXISTS "${PROJECT_SOURCE_DIR}/src/${name}/CMakeLists.txt")
    add_subdirectory("${PROJECT_SOURCE_DIR}/src/${name}")
  endif()
endfunction()

# jammi_library(NAME SOURCES ... HEADERS ... PUBLIC ... PRIVATE ...)
# PUBLIC lists the layers whose types the headers show, PRIVATE the door library and layers used inside.
function(jammi_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;PUBLIC;PRIVATE" ${ARGN})
  add_library(jammi_${name} STATIC ${ARG_SOURCES} ${ARG_HEADERS})
  add_library(jammi::${name} ALIAS jammi_${name})
  set_target_properties(jammi_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(jammi_${name} PUBLIC jammi_build_options ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# jammi_plugin(NAME SOURCES ... HEADERS ... PRIVATE ...): libjammi_NAME.so, which base::SharedLibrary finds along
# the run path of every program of the build tree. Only what it marks as visible is seen from outside.
set(CMAKE_BUILD_RPATH "${PROJECT_BINARY_DIR}/lib")
function(jammi_plugin name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;PRIVATE" ${ARGN})
  add_library(jammi_${name} MODULE ${ARG_SOURCES} ${ARG_HEADERS})
  set_target_properties(jammi_${name} PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib" CXX_VISIBILITY_PRESET hidden)
  target_link_libraries(jammi_${name} PRIVATE jammi_build_options ${ARG_PRIVATE})
  target_link_options(jammi_${name} PRIVATE -Wl,--exclude-libs,ALL)
endfunction()

# jammi_test(NAME SOURCES ... LIBRARIES ... [LABELS ...]): one test binary per folder, one ctest entry each.
function(jammi_test name)
  if(NOT JAMMI_DEVELOPER_MODE)
    return()
  endif()
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  find_package(GTest REQUIRED)
  add_executable(${name}_test ${ARG_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${ARG_LIBRARIES} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name}_test PRIVATE JAMMI_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "unit;${ARG_LABELS}")
  if(JAMMI_SANITIZER)  # whose dlopen does not know the program's run path
    set_tests_properties(${name} PROPERTIES ENVIRONMENT
      "LD_LIBRARY_PATH=${PROJECT_BINARY_DIR}/lib;ASAN_OPTIONS=allocator_may_return_null=1;TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp")
  endif()
endfunction()

# jammi_isa_sources(TARGET [BYTES] SOURCES FILE ...): compiles each FILE once per instruction set, with JAMMI_ISA naming
# its namespace (generic, avx2, avx512, and with BYTES those that multiply bytes: avx2_vnni, avx512_vnni, avx512_amx); the
# caller dispatches at run time.
function(jammi_isa_sources target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "BYTES" "" "SOURCES")
  set(isas generic)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND isas avx2 avx512)
    if(arg_BYTES)
      list(APPEND isas avx2_vnni avx512_vnni avx512_amx)
    endif()
  endif()
  set(flags_generic "")
  set(flags_avx2 -mavx2 -mfma -mf16c)
  set(flags_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -mf16c)
  set(flags_avx2_vnni ${flags_avx2} -mavxvnni)
  set(flags_avx512_vnni ${flags_avx512} -mavx512vnni)
  set(flags_avx512_amx ${flags_avx512_vnni} -mamx-tile -mamx-int8)
  foreach(isa IN LISTS isas)
    add_library(${target}_${isa} OBJECT ${arg_SOURCES})
    target_link_libraries(${target}_${isa} PRIVATE jammi_build_options)
    target_compile_definitions(${target}_${isa} PRIVATE JAMMI_ISA=${isa})
    target_compile_options(${target}_${isa} PRIVATE ${flags_${isa}} -O3)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_${isa}>)
  endforeach()
endfunction()
