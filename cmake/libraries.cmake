# What Gangline stands on, each as outside_<name>. Linked statically where the distribution has the archive,
# included as system headers so that our warnings are about our own code.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Boost 1.74 REQUIRED)

function(outside name)
  add_library(outside_${name} INTERFACE)
  target_link_libraries(outside_${name} INTERFACE ${ARGN})
endfunction()

# The archive of a library if there is one, else its shared form.
function(find_archive out name)
  find_library(archive_${name} NAMES lib${name}.a ${name} REQUIRED)
  set(${out} ${archive_${name}} PARENT_SCOPE)
endfunction()

outside(nlohmann nlohmann_json::nlohmann_json)
outside(cli11 CLI11::CLI11)
outside(tomlplusplus)
target_compile_definitions(outside_tomlplusplus INTERFACE TOML_HEADER_ONLY=1 TOML_EXCEPTIONS=0)
outside(beast Boost::headers Threads::Threads)

find_archive(sqlite_archive sqlite3)
outside(sqlite ${sqlite_archive} Threads::Threads ${CMAKE_DL_LIBS} m)

# TLS for connections between machines (src/os/keyed_stream.cpp).
find_archive(ssl_archive ssl)
find_archive(crypto_archive crypto)
outside(openssl ${ssl_archive} ${crypto_archive} Threads::Threads ${CMAKE_DL_LIBS})

find_archive(zlib_archive z)
outside(zlib ${zlib_archive})

# The terminal (src/tui/terminal.cpp), with wide characters; what it knows of terminals is read from files.
find_archive(ncurses_archive ncursesw)
find_archive(tinfo_archive tinfo)
outside(ncurses ${ncurses_archive} ${tinfo_archive} Threads::Threads)

# hwloc's archive names libudev, which the distribution has in shared form only; src/devices/cpu/topology.cpp
# stands in for it.
find_archive(hwloc_archive hwloc)
outside(hwloc ${hwloc_archive} Threads::Threads ${CMAKE_DL_LIBS} m)

if(GANGLINE_TESTS AND NOT GANGLINE_FUZZ)
  find_package(GTest REQUIRED)
  outside(gtest GTest::gtest GTest::gtest_main Threads::Threads)
endif()
