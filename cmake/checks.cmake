# What ctest runs besides the unit tests, and the groups of programs that tools/verify, tools/fuzz and tools/bench build and run.
function(bolide_group name list)
  get_property(programs GLOBAL PROPERTY ${list})
  add_custom_target(${name} DEPENDS ${programs})
  string(REPLACE ";" "\n" lines "${programs}")
  file(WRITE ${CMAKE_BINARY_DIR}/${name}.txt "${lines}\n")
endfunction()
bolide_group(unit_tests BOLIDE_UNIT_TESTS)
bolide_group(fuzzers BOLIDE_FUZZERS)
bolide_group(benches BOLIDE_BENCHES)

find_program(PYTHON3 python3)
if(BOLIDE_TESTS AND PYTHON3)
  add_test(NAME style COMMAND ${PYTHON3} tools/style --bolide $<TARGET_FILE:bolide>
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  add_test(NAME style_test COMMAND ${PYTHON3} tools/style_test.py
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(style style_test PROPERTIES LABELS style TIMEOUT 120)
endif()
