# libbolide, shared and static, from the modules that the client library may use; and what `make install` puts beside it:
# headers, find_package(bolide) and pkg-config.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(library_modules base table os net client)
set(library_objects)
foreach(module IN LISTS library_modules)
  list(APPEND library_objects $<TARGET_OBJECTS:bolide_${module}>)
endforeach()
# Of the server's protocol only the wire format.
file(GLOB wire_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/protocols/remoting/wire/*.cc)
list(FILTER wire_sources EXCLUDE REGEX "(_test|_fuzz|_bench)\\.cc$")
add_library(bolide_wire OBJECT EXCLUDE_FROM_ALL ${wire_sources})
target_include_directories(bolide_wire PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
target_link_libraries(bolide_wire PRIVATE bolide_flags)
list(APPEND library_objects $<TARGET_OBJECTS:bolide_wire>)

set(library_links bolide_flags OpenSSL::SSL OpenSSL::Crypto spdlog::spdlog fmt::fmt
    PkgConfig::DEFLATE PkgConfig::XXHASH PkgConfig::ZLIB PkgConfig::LZ4 PkgConfig::ZSTD)

# What BOLIDE_API marks in the public headers is seen from outside; nothing else.
file(GLOB public_headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/include/bolide/*.h)
set(exported)
foreach(header IN LISTS public_headers)
  file(STRINGS ${header} marked REGEX "BOLIDE_API [A-Za-z]")
  foreach(line IN LISTS marked)
    if(line MATCHES "(class|struct) .*BOLIDE_API ([A-Za-z]+)")
      string(APPEND exported "    bolide::${CMAKE_MATCH_2}::*;\n")
    elseif(line MATCHES "BOLIDE_API [A-Za-z]+ ([a-z_]+)\\(")
      string(APPEND exported "    bolide::*${CMAKE_MATCH_1}*;\n")
    endif()
  endforeach()
endforeach()
set(version_script ${CMAKE_BINARY_DIR}/libbolide.map)
file(CONFIGURE OUTPUT ${version_script} CONTENT "{\n  global: extern \"C++\" {\n@exported@  };\n  local: *;\n};\n" @ONLY)

add_library(bolide_shared SHARED ${library_objects})
set_target_properties(bolide_shared PROPERTIES OUTPUT_NAME bolide LINKER_LANGUAGE CXX LINK_DEPENDS ${version_script}
                      VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
target_link_libraries(bolide_shared PRIVATE ${library_links})
target_link_options(bolide_shared PRIVATE -Wl,--version-script=${version_script})
add_library(bolide_static STATIC ${library_objects})
set_target_properties(bolide_static PROPERTIES OUTPUT_NAME bolide LINKER_LANGUAGE CXX)

install(TARGETS bolide_shared bolide_static LIBRARY ARCHIVE)
install(FILES ${public_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/bolide)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/bolide)
# Not in the folder of the program: CMake also looks for packages beside what PATH names.
set(package_files ${CMAKE_BINARY_DIR}/package)
configure_package_config_file(cmake/bolideConfig.cmake.in ${package_files}/bolideConfig.cmake
                              INSTALL_DESTINATION ${package_dir}
                              PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${package_files}/bolideConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${package_files}/bolideConfig.cmake ${package_files}/bolideConfigVersion.cmake
        DESTINATION ${package_dir})
# At installation, where the prefix is known.
install(CODE "
  set(prefix \"\${CMAKE_INSTALL_PREFIX}\")
  set(libdir \"${CMAKE_INSTALL_LIBDIR}\")
  set(includedir \"${CMAKE_INSTALL_INCLUDEDIR}\")
  set(version \"${PROJECT_VERSION}\")
  configure_file(\"${CMAKE_SOURCE_DIR}/cmake/bolide.pc.in\" \"${CMAKE_BINARY_DIR}/bolide.pc\" @ONLY)")
install(FILES ${CMAKE_BINARY_DIR}/bolide.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
