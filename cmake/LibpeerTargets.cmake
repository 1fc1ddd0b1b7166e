# libpeer_target(target): what every target of ours is built with, and none of other people's.
function(libpeer_target target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic $<$<BOOL:${LIBPEER_WARNINGS_AS_ERRORS}>:-Werror>
    -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
    # What GCC 12 says by mistake about inlined code of the standard library and of CAF,.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds -Wno-stringop-overflow -Wno-restrict
      -Wno-maybe-uninitialized -Wno-free-nonheap-object -Wno-tsan>)
  if(LIBPEER_SANITIZERS)
    target_compile_options(${target} PRIVATE -fsanitize=${LIBPEER_SANITIZERS} -fno-omit-frame-pointer
      -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${LIBPEER_SANITIZERS})
  endif()
endfunction()
