# cmake -DFILES=A,B,… -DOUTPUT=embedded.cpp -P embed.cmake: writes the .cpp that carries the
# console's files inside the program, and beside it the copies compressed by gzip.
#
# The bytes come in by the assembler's .incbin: megabytes of literals would take the compiler long.

string(REPLACE "," ";" FILES "${FILES}")
get_filename_component(folder "${OUTPUT}" DIRECTORY)
find_program(GZIP gzip REQUIRED)

# The version in asset paths: one for each content of any file.
set(hashes "")
foreach(file IN LISTS FILES)
  file(SHA256 "${file}" hash)
  string(APPEND hashes "${file}=${hash};")
endforeach()
string(REGEX REPLACE "[^;]*/assets/|[^;]*/vendor/" "" hashes "${hashes}")
string(SHA256 version "${hashes}")
string(SUBSTRING "${version}" 0 12 version)

function(type_of name result)
  get_filename_component(ending "${name}" LAST_EXT)
  set(type_.html "text/html; charset=utf-8")
  set(type_.css "text/css; charset=utf-8")
  set(type_.js "text/javascript; charset=utf-8")
  set(type_.svg "image/svg+xml")
  set(type_.woff2 "font/woff2")
  if(NOT type_${ending})
    message(FATAL_ERROR "${name}: embed.cmake knows no content type for ${ending}")
  endif()
  set(${result} "${type_${ending}}" PARENT_SCOPE)
endfunction()

set(symbols "")
set(declarations "")
set(entries "")

# append_bytes(SYMBOL FILE): the bytes as SYMBOL…SYMBOL_end.
macro(append_bytes symbol file)
  string(APPEND symbols "    \".global ${symbol}, ${symbol}_end\\n\"\n"
         "    \"${symbol}: .incbin \\\"${file}\\\"\\n${symbol}_end: .byte 0\\n\"\n")
  string(APPEND declarations "extern const char ${symbol}[], ${symbol}_end[];\n")
endmacro()

set(number 0)
foreach(file IN LISTS FILES)
  string(REGEX REPLACE "^.*/(assets|vendor)/" "" name "${file}")
  if(name STREQUAL "index.html")
    file(READ "${file}" text)
    string(REPLACE "@VERSION@" "${version}" text "${text}")
    set(file "${folder}/index.html")
    file(WRITE "${file}" "${text}")
  endif()
  file(SHA256 "${file}" hash)
  string(SUBSTRING "${hash}" 0 16 hash)
  type_of("${name}" type)
  set(symbol "lensart_console_${number}")
  append_bytes(${symbol} "${file}")
  set(gzip "{}")
  if(NOT name MATCHES "\\.woff2$")
    set(compressed "${folder}/${number}.gz")
    execute_process(COMMAND ${GZIP} -9 -n -c "${file}" OUTPUT_FILE "${compressed}"
                    COMMAND_ERROR_IS_FATAL ANY)
    append_bytes(${symbol}_gzip "${compressed}")
    set(gzip "bytes(${symbol}_gzip, ${symbol}_gzip_end)")
  endif()
  string(APPEND entries "      {\"${name}\", \"${type}\", \"${hash}\",\n"
         "       bytes(${symbol}, ${symbol}_end), ${gzip}},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE "${OUTPUT}" "// Made by apps/console/embed.cmake; edit the files it carries instead.
#include \"apps/console/console.hpp\"

asm(\".pushsection .rodata\\n\"
${symbols}    \".popsection\\n\");

extern \"C\" {
${declarations}}

namespace lensart::app {

std::span<const ConsoleAsset> console_assets() {
  const auto bytes = [](const char* from, const char* to) { return std::string_view(from, to); };
  static const ConsoleAsset kAssets[] = {
${entries}  };
  return kAssets;
}

std::string_view console_version() { return \"${version}\"; }

}  // namespace lensart::app
")
