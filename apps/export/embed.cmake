# cmake -DFOLDER=… -DOUTPUT=embedded.cpp -P embed.cmake: writes the .cpp that carries the templates
# inside the program. The bytes come in by the assembler's .incbin.

file(GLOB files "${FOLDER}/*")
list(SORT files)
set(symbols "")
set(declarations "")
set(entries "")
set(number 0)
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME)
  set(symbol "lensart_export_${number}")
  string(APPEND symbols "    \".global ${symbol}, ${symbol}_end\\n\"\n"
         "    \"${symbol}: .incbin \\\"${file}\\\"\\n${symbol}_end: .byte 0\\n\"\n")
  string(APPEND declarations "extern const char ${symbol}[], ${symbol}_end[];\n")
  string(APPEND entries
         "  if (name == \"${name}\") return {${symbol}, ${symbol}_end};\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE "${OUTPUT}" "// Made by apps/export/embed.cmake; edit the templates instead.
#include <cstdlib>

#include \"apps/export/embedded.hpp\"

asm(\".pushsection .rodata\\n\"
${symbols}    \".popsection\\n\");

extern \"C\" {
${declarations}}

namespace lensart::app {

std::string_view export_template(std::string_view name) {
${entries}  std::abort();  // the folder of templates is part of the program
}

}  // namespace lensart::app
")
