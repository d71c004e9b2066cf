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

  # A scenario starts the whole program, which it finds in the environment; tests/scenarios/harness.py helps it.
  file(GLOB scenarios CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/scenarios/*_test.py)
  foreach(file IN LISTS scenarios)
    get_filename_component(stem ${file} NAME_WE)
    add_test(NAME scenario_${stem} COMMAND ${PYTHON3} ${file} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(scenario_${stem} PROPERTIES LABELS scenario TIMEOUT 300
                         ENVIRONMENT "BOLIDE=$<TARGET_FILE:bolide>;PYTHONDONTWRITEBYTECODE=1")
  endforeach()
endif()
