# Finds what libpeer is built with. All targets become visible in the whole project, because a project that adds libpeer with
# FetchContent or add_subdirectory links to libpeer::peer in a directory of its own.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)

find_package(Threads REQUIRED)
find_package(Libdeflate REQUIRED)
find_package(Boost 1.81 REQUIRED)

# -- CAF -------------------------------------------------------------------------------------------------------------------
#
# Searched in this order:
#
# 1. the target CAF::core, if the project that adds libpeer has it already;
# 2. the prefix in the CMake variable LIBPEER_CAF, and nowhere else;
# 3. where find_package looks first: CAF_DIR, CAF_ROOT, CMAKE_PREFIX_PATH;
# 4. the prefix in the environment variable LIBPEER_CAF;
# 5. the directory that scripts/setup installs CAF in;
# 6. the system's directories.

set(LIBPEER_CAF "" CACHE PATH "Prefix of the CAF installation to build with (empty: search for one)")

# A CAF found for another value of LIBPEER_CAF is forgotten.
cmake_path(IS_PREFIX LIBPEER_CAF "${CAF_DIR}" NORMALIZE LIBPEER_CAF_UNCHANGED)
if(LIBPEER_CAF AND NOT LIBPEER_CAF_UNCHANGED)
  unset(CAF_DIR CACHE)
endif()

if(LIBPEER_CAF)
  find_package(CAF REQUIRED COMPONENTS core PATHS "${LIBPEER_CAF}" NO_DEFAULT_PATH)
elseif(NOT TARGET CAF::core)
  set(prefixes $ENV{LIBPEER_CAF})
  foreach(cache IN ITEMS $ENV{XDG_CACHE_HOME} "$ENV{HOME}/.cache")
    list(APPEND prefixes "${cache}/libpeer/caf-0.18.7")
  endforeach()
  if(LIBPEER_SANITIZERS MATCHES thread) # scripts/setup --tsan
    list(TRANSFORM prefixes APPEND -tsan)
  endif()
  # No version here: CAF's own version file accepts the exact version only.
  find_package(CAF QUIET COMPONENTS core HINTS ${prefixes})
  if(NOT CAF_FOUND)
    message(FATAL_ERROR "CAF (the C++ Actor Framework, 0.18.7 or newer) was not found. scripts/setup builds it once per "
      "machine; for one that is installed elsewhere, set -DLIBPEER_CAF=PREFIX.")
  endif()
endif()
if(DEFINED CAF_VERSION AND CAF_VERSION VERSION_LESS 0.18.7)
  message(FATAL_ERROR "libpeer needs CAF 0.18.7 or newer; found ${CAF_VERSION} in ${CAF_DIR}")
endif()
message(STATUS "CAF ${CAF_VERSION}: ${CAF_DIR}")
