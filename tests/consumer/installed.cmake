# The test "consumer.installed": installs this build, starts an installed program, and lets a project find libpeer and, by
# itself, CAF. The project has the README's first programs, too.
include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")

run("${CMAKE_COMMAND}" --install "${BUILD}" --config "${CONFIG}" --prefix "${WORK}/prefix")
if(PROGRAM)
  run("${WORK}/prefix/${PROGRAM}" --help)
endif()

file(COPY "${EXAMPLES}/first_origin.cpp" "${EXAMPLES}/first_worker.cpp" DESTINATION "${WORK}/source")
build_and_run(installed "-DCMAKE_BUILD_TYPE=${CONFIG}" "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DLIBPEER_VERSION=${VERSION}")
