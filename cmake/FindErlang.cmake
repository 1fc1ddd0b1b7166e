# Finds Erlang's runtime and its C library for the external term format, which the tests compare ours with.
#
#   Erlang_ERL     the program erl
#   Erlang::ei     libei

find_program(Erlang_ERL erl)
if(Erlang_ERL AND NOT Erlang_EI_DIR)
  execute_process(
    COMMAND "${Erlang_ERL}" -noshell -noinput -eval "io:put_chars(code:lib_dir(erl_interface)),halt()."
    OUTPUT_VARIABLE Erlang_EI_DIR)
  set(Erlang_EI_DIR "${Erlang_EI_DIR}" CACHE PATH "Directory of Erlang's erl_interface")
endif()
find_path(Erlang_EI_INCLUDE_DIR ei.h HINTS "${Erlang_EI_DIR}/include")
find_library(Erlang_EI_LIBRARY ei HINTS "${Erlang_EI_DIR}/lib")

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Erlang REQUIRED_VARS Erlang_ERL Erlang_EI_LIBRARY Erlang_EI_INCLUDE_DIR)

if(Erlang_FOUND AND NOT TARGET Erlang::ei)
  add_library(Erlang::ei UNKNOWN IMPORTED)
  set_target_properties(Erlang::ei PROPERTIES
    IMPORTED_LOCATION "${Erlang_EI_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${Erlang_EI_INCLUDE_DIR}")
endif()
