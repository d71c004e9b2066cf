# How everything of ours is compiled. Assertions stay on in release: see src/base/assert.h.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# -g1: functions and lines, enough for a stack trace, at a third of the size. No -march: one binary for all machines.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")

find_program(CCACHE ccache)
if(CCACHE)
  # The sloppiness is what ccache asks for before it caches a file that uses a precompiled header. The
  # base directory makes a compilation in one clone count in every other.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)

include(CheckPIESupported)
check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_package(Threads REQUIRED)
add_library(bolide_flags INTERFACE)
target_compile_options(bolide_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-missing-field-initializers -Werror -fno-omit-frame-pointer -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps and overflows in std::string's concatenation that are not there (GCC bug 105651).
  target_compile_options(bolide_flags INTERFACE
    -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
endif()
target_compile_definitions(bolide_flags INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(bolide_flags INTERFACE -Wl,-z,relro,-z,now)
target_link_libraries(bolide_flags INTERFACE Threads::Threads)

set(BOLIDE_SANITIZERS ${BOLIDE_SANITIZE})
if(BOLIDE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    message(FATAL_ERROR "the fuzzers need clang: cmake --preset fuzz")
  endif()
  if(NOT BOLIDE_SANITIZERS)
    set(BOLIDE_SANITIZERS address,undefined)
  endif()
  target_compile_options(bolide_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(BOLIDE_SANITIZERS)
  # vptr off: it opens a pipe at each new type, and so sees errors where a test has used up all descriptors.
  target_compile_options(bolide_flags INTERFACE
    -fsanitize=${BOLIDE_SANITIZERS} -fno-sanitize=vptr -fno-sanitize-recover=all)
  target_link_options(bolide_flags INTERFACE -fsanitize=${BOLIDE_SANITIZERS})
else()
  # The C library's checks need optimisation, and hide what the sanitizers look for.
  target_compile_options(bolide_flags INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
endif()
