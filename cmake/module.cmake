# Declares one module of src/ and refuses a dependency that points upwards.
#
#   bolide_module(store DEPS base table os [LIBS PkgConfig::X ...])
#
# takes every *.cc of src/<name>/ but *_test.cc, *_fuzz.cc, *_bench.cc and main.cc, and adds:
#   bolide_<name>        the static library
#   <name>_test          its unit tests (all *_test.cc), registered with ctest one case each
#   <stem>_fuzz          each *_fuzz.cc, when BOLIDE_FUZZ is on
#   <stem>_bench         each *_bench.cc, when BOLIDE_BENCH is on
# The order below is DESIGN's: a module may depend only on modules that stand before it.
# tools/style reads this list too, and holds every #include against it.
set(BOLIDE_LAYERS base table os net store replica broker naming
    protocols/remoting protocols/grpc protocols/mqtt protocols/kafka protocols/amqp protocols/sqs
    admin client app)

# Stops the configuration if module `name` may not depend on the modules in ARGN.
function(bolide_check_layers name)
  list(FIND BOLIDE_LAYERS ${name} rank)
  if(rank LESS 0)
    message(FATAL_ERROR "module ${name} is not in BOLIDE_LAYERS (cmake/module.cmake)")
  endif()
  foreach(dep IN LISTS ARGN)
    list(FIND BOLIDE_LAYERS ${dep} dep_rank)
    if(dep_rank LESS 0 OR NOT dep_rank LESS rank)
      message(FATAL_ERROR "module ${name} may not depend on ${dep}: it stands on the same layer or above")
    endif()
    if(name MATCHES "^protocols/" AND dep MATCHES "^protocols/")
      message(FATAL_ERROR "protocol ${name} may not depend on its sibling ${dep}")
    endif()
  endforeach()
endfunction()

# One program per file of ARGN, named after the file, linked with LIBS; its name is added to the global list `list`.
function(bolide_programs list libs)
  foreach(file IN LISTS ARGN)
    get_filename_component(stem ${file} NAME_WE)
    add_executable(${stem} ${file})
    target_link_libraries(${stem} PRIVATE ${libs})
    set_property(GLOBAL APPEND PROPERTY ${list} ${stem})
  endforeach()
endfunction()

# The heavy headers that most files include anyway, compiled once: the first target of a kind owns them, the others reuse.
set(BOLIDE_PCH_HEADERS <expected> <functional> <memory> <optional> <span> <string> <string_view> <unordered_map> <vector>)

function(bolide_precompile target owner)
  if(NOT BOLIDE_PCH)
    return()
  endif()
  # What ccache needs, to know whether a precompiled header has changed.
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess> "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
  if(TARGET ${owner} AND NOT owner STREQUAL target)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  else()
    target_precompile_headers(${target} PRIVATE ${BOLIDE_PCH_HEADERS} ${ARGN})
  endif()
endfunction()

function(bolide_module name)
  cmake_parse_arguments(arg "" "" "DEPS;LIBS" ${ARGN})
  bolide_check_layers(${name} ${arg_DEPS})

  string(REPLACE "/" "_" target ${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  set(tests ${sources})
  set(fuzzers ${sources})
  set(benches ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz|_bench|/main)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")

  add_library(bolide_${target} STATIC ${sources})
  if(NOT sources)
    set_target_properties(bolide_${target} PROPERTIES LINKER_LANGUAGE CXX)
    file(WRITE ${CMAKE_BINARY_DIR}/empty_${target}.cc "")
    target_sources(bolide_${target} PRIVATE ${CMAKE_BINARY_DIR}/empty_${target}.cc)
  endif()
  target_include_directories(bolide_${target} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
  target_link_libraries(bolide_${target} PUBLIC bolide_flags ${arg_LIBS})
  foreach(dep IN LISTS arg_DEPS)
    string(REPLACE "/" "_" dep_target ${dep})
    target_link_libraries(bolide_${target} PUBLIC bolide_${dep_target})
  endforeach()

  bolide_precompile(bolide_${target} bolide_base)

  if(tests AND BOLIDE_TESTS AND GTest_FOUND)
    add_executable(${target}_test ${tests})
    bolide_precompile(${target}_test base_test <gtest/gtest.h>)
    target_link_libraries(${target}_test PRIVATE bolide_${target} GTest::gtest GTest::gtest_main)
    gtest_discover_tests(${target}_test TEST_PREFIX "${name}: " DISCOVERY_TIMEOUT 60
                         PROPERTIES TIMEOUT 300 LABELS unit)
    set_property(GLOBAL APPEND PROPERTY BOLIDE_UNIT_TESTS ${target}_test)
  endif()
  if(BOLIDE_FUZZ)
    bolide_programs(BOLIDE_FUZZERS "bolide_${target};-fsanitize=fuzzer" ${fuzzers})
  endif()
  if(BOLIDE_BENCH AND benchmark_FOUND)
    bolide_programs(BOLIDE_BENCHES "bolide_${target};benchmark::benchmark;benchmark::benchmark_main"
                    ${benches})
  endif()
endfunction()
