# The dashboard (web/), bundled by node and put into `gang` as bytes: src/gateway/page_files.h. Where node or npm
# are missing, `gang serve` has everything but its page.
option(GANGLINE_WEB "build the dashboard, with node and npm" ON)
set(GANGLINE_WEB_BUILT OFF)
if(EXISTS ${CMAKE_SOURCE_DIR}/src/gateway/page_files.h AND GANGLINE_WEB AND NOT GANGLINE_FUZZ)
  find_program(GANGLINE_NODE NAMES node nodejs)
  find_program(GANGLINE_NPM npm)
  if(GANGLINE_NODE AND GANGLINE_NPM)
    set(GANGLINE_WEB_BUILT ON)
  else()
    message(STATUS "No dashboard: node and npm are missing (Debian packages nodejs and npm)")
  endif()
endif()

if(GANGLINE_WEB_BUILT)
  set(web ${CMAKE_SOURCE_DIR}/web)
  set(page_files ${CMAKE_BINARY_DIR}/web/page_files.cpp)
  file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${web}/src/*)
  add_custom_command(OUTPUT ${page_files}
    COMMAND ${GANGLINE_NODE} ${web}/packages.mjs
    COMMAND ${GANGLINE_NODE} ${web}/build.mjs --files ${CMAKE_BINARY_DIR}/web/page --source ${page_files}
    DEPENDS ${web_sources} ${web}/packages.mjs ${web}/build.mjs ${web}/package.json ${web}/package-lock.json
    COMMENT "The dashboard")
  set(room_sources_gateway ${page_files})
endif()
