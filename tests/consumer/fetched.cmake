# The test "consumer.fetched": a project adds libpeer to its build with FetchContent.
include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")

build_and_run(fetched "-DCMAKE_BUILD_TYPE=Debug" "-DCMAKE_CXX_FLAGS_DEBUG=-O0" "-DLIBPEER_SOURCE=${LIBPEER}"
  "-DCAF_DIR=${CAF}")
