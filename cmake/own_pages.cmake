# Run when the package is put together: what ${program} says of itself, where a shell and man look for it.
# A program that has no such command has no such page.

function(own_page file)
  execute_process(COMMAND ${program} ${ARGN} OUTPUT_VARIABLE text RESULT_VARIABLE failed ERROR_QUIET)
  if(NOT failed)
    file(WRITE "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/usr/share/${file}" "${text}")
  endif()
endfunction()

own_page(bash-completion/completions/lensart completions bash)
own_page(zsh/vendor-completions/_lensart completions zsh)
own_page(fish/vendor_completions.d/lensart.fish completions fish)
own_page(man/man1/lensart.1 man)
set(manual "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/usr/share/man/man1/lensart.1")
if(EXISTS ${manual})
  execute_process(COMMAND gzip -9nf ${manual} COMMAND_ERROR_IS_FATAL ANY)
endif()
