# The steps of the test "consumer"; its CMakeLists.txt says what the variables are.

# run(words...): runs a command and puts what it printed into OUTPUT.
macro(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE OUTPUT ERROR_VARIABLE OUTPUT)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "failed with ${status}: ${ARGN}\n${OUTPUT}")
  endif()
endmacro()

# What an earlier run has left must not help this one.
file(REMOVE_RECURSE "${WORK}/prefix" "${WORK}/source" "${WORK}/build")
file(COPY "${SOURCE}/" DESTINATION "${WORK}/source")

run("${CMAKE_COMMAND}" --install "${BUILD}" --config "${CONFIG}" --prefix "${WORK}/prefix")

set(flags "")
if(SANITIZERS)
  set(flags "-fsanitize=${SANITIZERS}")
endif()
run("${CMAKE_COMMAND}" -S "${WORK}/source" -B "${WORK}/build" -G "${GENERATOR}"
  "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DCAF_DIR=${CAF}" "-DLIBPEER_VERSION=${VERSION}"
  "-DCMAKE_BUILD_TYPE=${CONFIG}" "-DCMAKE_CXX_FLAGS=${flags}"
  "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}")
run("${CMAKE_COMMAND}" --build "${WORK}/build" --config "${CONFIG}")

run("${WORK}/build/consumer")
set(expected "parsed: {point,[1,2,3]}\nreversed: [3, 2, 1]\nstopped: closed\n")
if(NOT OUTPUT STREQUAL expected)
  message(FATAL_ERROR "expected:\n${expected}got:\n${OUTPUT}")
endif()
