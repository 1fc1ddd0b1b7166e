# The test "consumer.installed": installs this build, starts an installed program, and lets a project find libpeer and, by
# itself, CAF.
include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")

run("${CMAKE_COMMAND}" --install "${BUILD}" --config "${CONFIG}" --prefix "${WORK}/prefix")
if(PROGRAM)
  run("${WORK}/prefix/${PROGRAM}" --help)
endif()

build_and_run(installed "-DCMAKE_BUILD_TYPE=${CONFIG}" "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DLIBPEER_VERSION=${VERSION}")
