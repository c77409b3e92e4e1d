# cmake -DSQL_DIR=… -DOUTPUT=… -P embed.cmake: writes the .cpp that carries sql/ inside the program.
#
# Texts become adjacent raw strings of some kilobytes, cut at ends of lines, because compilers only
# promise to take literals of limited length.

set(chunk_bytes 8000)

# Turns the file into a C++ expression in `result`.
function(literal_of file result)
  file(READ "${file}" text)
  if(text MATCHES "\\)sql\"")
    message(FATAL_ERROR "${file} holds )sql\", which would end the raw string")
  endif()
  set(literal "")
  string(LENGTH "${text}" left)
  while(left GREATER chunk_bytes)
    string(SUBSTRING "${text}" 0 ${chunk_bytes} chunk)
    string(FIND "${chunk}" "\n" end REVERSE)
    if(end LESS 0)
      message(FATAL_ERROR "${file} has a line longer than ${chunk_bytes} bytes")
    endif()
    math(EXPR end "${end} + 1")
    string(SUBSTRING "${text}" 0 ${end} chunk)
    string(SUBSTRING "${text}" ${end} -1 text)
    string(APPEND literal "R\"sql(${chunk})sql\"\n")
    string(LENGTH "${text}" left)
  endwhile()
  string(APPEND literal "R\"sql(${text})sql\"")
  set(${result} "${literal}" PARENT_SCOPE)
endfunction()

# Appends an array named `variable` with one SqlFile for each file of the folder, in order of name.
function(append_array variable folder)
  file(GLOB files "${SQL_DIR}/${folder}/*.sql")
  list(SORT files)
  file(APPEND "${OUTPUT}.new" "constexpr SqlFile ${variable}[] = {\n")
  foreach(file IN LISTS files)
    get_filename_component(name "${file}" NAME_WE)
    literal_of("${file}" literal)
    file(APPEND "${OUTPUT}.new" "{\"${name}\",\n${literal}},\n")
  endforeach()
  file(APPEND "${OUTPUT}.new" "};\n\n")
endfunction()

file(WRITE "${OUTPUT}.new" "// Made by sql/embed.cmake; edit the .sql files instead.\n"
     "#include \"sql/embedded.hpp\"\n\nnamespace lensart::sql {\nnamespace {\n\n")
append_array(kMigrations migrations)
append_array(kAudits audit)
append_array(kExplanations explain)
append_array(kConsole console)
file(APPEND "${OUTPUT}.new" [[
}  // namespace

std::span<const SqlFile> migrations() { return kMigrations; }

std::span<const SqlFile> audits() { return kAudits; }

namespace {

std::string_view find(std::span<const SqlFile> files, std::string_view name) {
  for (const SqlFile& file : files) {
    if (file.name == name) return file.text;
  }
  return {};
}

}  // namespace

std::string_view audit(std::string_view table) { return find(kAudits, table); }

std::string_view explain(std::string_view name) { return find(kExplanations, name); }

std::string_view console(std::string_view name) { return find(kConsole, name); }

}  // namespace lensart::sql
]])
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
