# libpeer_target(target): what every target of ours is built with, and none of other people's.
function(libpeer_target target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
    # CAF 0.18 uses these from its headers' templates, which a system directory does not silence everywhere.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-deprecated-declarations -Wno-array-bounds -Wno-stringop-overflow>)
  if(LIBPEER_SANITIZERS)
    target_compile_options(${target} PRIVATE -fsanitize=${LIBPEER_SANITIZERS} -fno-omit-frame-pointer
      -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${LIBPEER_SANITIZERS})
  endif()
endfunction()
