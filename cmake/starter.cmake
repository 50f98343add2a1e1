# The starter: a program of one page, without libraries, that the launcher runs for each task of another person
# (src/launch/start/starter_program.cpp). It is put into `gang` as bytes.

set(starter_bytes ${CMAKE_BINARY_DIR}/starter_bytes.cpp)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_executable(gang_starter src/launch/start/starter_program.cpp)
  target_link_libraries(gang_starter PRIVATE strict)
  target_compile_options(gang_starter PRIVATE -Os -g0 -ffreestanding -fno-pie -fno-stack-protector -fno-exceptions -fno-rtti
    -fno-asynchronous-unwind-tables -fcf-protection=none -fno-sanitize=all)
  # Linked by the linker that comes with the compiler: one segment, one page.
  target_link_options(gang_starter PRIVATE -fuse-ld=bfd -nostdlib -static -no-pie -fno-sanitize=all -s
    -Wl,-n,-z,noseparate-code,-z,norelro,--no-eh-frame-hdr,--build-id=none)
  set(starter_file $<TARGET_FILE:gang_starter>)
  set(starter_target gang_starter)
endif()
add_custom_command(OUTPUT ${starter_bytes}
  COMMAND ${CMAKE_COMMAND} -DFROM=${starter_file} -DTO=${starter_bytes} -P ${CMAKE_SOURCE_DIR}/cmake/write_starter_bytes.cmake
  DEPENDS ${starter_target} ${CMAKE_SOURCE_DIR}/cmake/write_starter_bytes.cmake)
set(room_sources_launch ${starter_bytes})
