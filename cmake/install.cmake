# make install: the program, its licence, the systemd unit, and what the program prints about itself.
include(GNUInstallDirs)
install(TARGETS bolide RUNTIME)
install(FILES LICENSE NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR})
# At installation, where the prefix is known.
install(CODE "
  set(program \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/bolide\")
  configure_file(\"${CMAKE_SOURCE_DIR}/dist/bolide.service.in\" \"${CMAKE_BINARY_DIR}/bolide.service\" @ONLY)")
install(FILES ${CMAKE_BINARY_DIR}/bolide.service DESTINATION lib/systemd/system)

# At installation: `bolide ARGS...` is asked for a page, which goes to PATH; a program that does not know the command prints
# none, and none is installed.
function(bolide_install_printed path)
  string(JOIN " " args ${ARGN})
  install(CODE "
    execute_process(COMMAND \"${CMAKE_BINARY_DIR}/bolide\" ${args}
                    OUTPUT_VARIABLE page RESULT_VARIABLE status ERROR_QUIET)
    if(status EQUAL 0 AND page)
      set(path \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${path}\")
      message(STATUS \"Installing: \${path}\")
      file(WRITE \"\${path}\" \"\${page}\")
    endif()")
endfunction()
bolide_install_printed(${CMAKE_INSTALL_DATADIR}/bash-completion/completions/bolide completion bash)
bolide_install_printed(${CMAKE_INSTALL_DATADIR}/zsh/site-functions/_bolide completion zsh)
bolide_install_printed(${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d/bolide.fish completion fish)
bolide_install_printed(${CMAKE_INSTALL_MANDIR}/man1/bolide.1 man)
