# Writes version.hpp with the commit that is checked out now, touching it only when that changed.
execute_process(
  COMMAND git rev-parse --short=12 HEAD
  WORKING_DIRECTORY ${SOURCE_DIR}
  OUTPUT_VARIABLE COMMIT
  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT COMMIT)  # no checkout: an image's build says which commit it is of
  string(SUBSTRING "$ENV{SOURCE_COMMIT}" 0 12 COMMIT)
endif()
if(NOT COMMIT)
  set(COMMIT "unknown")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/version.hpp.in ${OUTPUT} @ONLY)
