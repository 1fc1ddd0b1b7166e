# What both consumer tests do; CMakeLists.txt says what the variables are.

# run(words...): runs a command and puts what it printed into OUTPUT.
macro(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE OUTPUT ERROR_VARIABLE OUTPUT)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "failed with ${status}: ${ARGN}\n${OUTPUT}")
  endif()
endmacro()

# build_and_run(project arguments...): copies the project out of the tree, configures it with these arguments, builds it, runs
# it, and checks what it prints.
macro(build_and_run project)
  file(COPY "${SOURCE}/${project}/" "${SOURCE}/main.cpp" DESTINATION "${WORK}/source")
  set(flags "")
  if(SANITIZERS)
    set(flags "-fsanitize=${SANITIZERS}")
  endif()
  run("${CMAKE_COMMAND}" -S "${WORK}/source" -B "${WORK}/build" -G "${GENERATOR}" "-DCMAKE_CXX_FLAGS=${flags}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}" ${ARGN})
  run("${CMAKE_COMMAND}" --build "${WORK}/build" --config "${CONFIG}" --parallel 2)

  run("${WORK}/build/consumer")
  set(expected "parsed: {point,[1,2,3]}\nreversed: [3, 2, 1]\nstopped: closed\n")
  if(NOT OUTPUT STREQUAL expected)
    message(FATAL_ERROR "expected:\n${expected}got:\n${OUTPUT}")
  endif()
endmacro()

# What an earlier run has left must not help this one.
file(REMOVE_RECURSE "${WORK}")
