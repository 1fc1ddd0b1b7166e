# Compiles through ccache where that is installed, unless the user has set another launcher.
find_program(CCACHE ccache)
mark_as_advanced(CCACHE)

if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # ccache caches nothing that uses a precompiled header without CCACHE_SLOPPINESS (its manual, "Precompiled headers").
  # With the other settings, checkouts in different directories share what was compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros
      "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${CCACHE}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
  endif()
endif()
