// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/guardian_image.hpp"

// The linker's symbols for the file that LIBPEER_GUARDIAN names.
asm(R"(
  .section .rodata
  .balign 16
libpeer_guardian_begin:
  .incbin ")" LIBPEER_GUARDIAN R"("
libpeer_guardian_end:
  .byte 0
  .globl libpeer_guardian_begin
  .globl libpeer_guardian_end
  .hidden libpeer_guardian_begin
  .hidden libpeer_guardian_end
  .text
)");

extern "C" const char libpeer_guardian_begin[];
extern "C" const char libpeer_guardian_end[];

namespace peer::internal::process {

std::string_view guardian_image() {
  return {libpeer_guardian_begin, static_cast<std::size_t>(libpeer_guardian_end - libpeer_guardian_begin)};
}

} // namespace peer::internal::process
