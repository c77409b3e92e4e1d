# What every target of the house has in common.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(TBB REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PostgreSQL REQUIRED)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)

add_library(lensart_flags INTERFACE)
target_include_directories(lensart_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(lensart_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
                                               -fno-omit-frame-pointer -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
target_link_libraries(lensart_flags INTERFACE Threads::Threads fmt::fmt)
if(LENSART_FAILPOINTS)
  target_compile_definitions(lensart_flags INTERFACE LENSART_FAILPOINTS=1)
endif()
if(LENSART_SANITIZE)
  # vptr fires inside TBB's own header, so it is left out.
  target_compile_options(lensart_flags INTERFACE -fsanitize=${LENSART_SANITIZE} -fno-sanitize=vptr
                                                 -fno-sanitize-recover=all -Wno-maybe-uninitialized)
  if(LENSART_SANITIZE MATCHES thread)
    target_compile_options(lensart_flags INTERFACE -Wno-tsan)
  endif()
  target_link_options(lensart_flags INTERFACE -fsanitize=${LENSART_SANITIZE})
endif()

# lensart_library(NAME [HOT] SOURCES … LINK … [PCH …]): a room of the house as a static library.
# HOT: what every event goes through; a few percent of a run for half as long a build of the room.
function(lensart_library name)
  cmake_parse_arguments(ARG "HOT" "" "SOURCES;LINK;PCH" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC lensart_flags ${ARG_LINK})
  if(ARG_HOT)
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O3>)
  endif()
  if(LENSART_PCH AND ARG_PCH)
    target_precompile_headers(${name} PRIVATE ${ARG_PCH})
  endif()
  lensart_unity(${name})
endfunction()

# A room's sources are compiled a few at a time, as one: half the work of a build from nothing.
# What has no name outside its file is therefore named apart within a room.
function(lensart_unity name)
  if(NOT CMAKE_CURRENT_SOURCE_DIR MATCHES "^${PROJECT_SOURCE_DIR}/tests")  # there each file has its own world
    set_target_properties(${name} PROPERTIES UNITY_BUILD ${LENSART_UNITY} UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

# What all tests have in common; and their precompiled headers, made once.
function(lensart_test_base)
  find_package(GTest REQUIRED)
  file(WRITE ${PROJECT_BINARY_DIR}/test_base.cpp "// Has the precompiled headers of the tests.\n")
  add_library(lensart_test_base STATIC ${PROJECT_BINARY_DIR}/test_base.cpp)
  target_link_libraries(lensart_test_base PUBLIC lensart_flags GTest::gmock GTest::gtest_main)
  # g++ 12 sees overlaps and overruns in std::string's own concatenation (GCC bugs 105651, 105329).
  target_compile_options(lensart_test_base PUBLIC -Wno-array-bounds -Wno-restrict
                                                  -Wno-stringop-overflow -Wno-stringop-overread)
  if(LENSART_PCH)
    target_precompile_headers(lensart_test_base PRIVATE <gtest/gtest.h> <gmock/gmock.h> <fmt/format.h> <filesystem>
                              <functional> <map> <optional> <string> <vector>)
  endif()
endfunction()

# lensart_test(NAME SOURCES … LINK … [LABELS …] [TIMEOUT s]): one GoogleTest program, one ctest entry.
function(lensart_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT TARGET lensart_test_base)
    lensart_test_base()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} lensart_test_base)
  if(LENSART_PCH)
    target_precompile_headers(${name} REUSE_FROM lensart_test_base)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
  if("integration" IN_LIST ARG_LABELS)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)  # they share one broker and database
  endif()
endfunction()
