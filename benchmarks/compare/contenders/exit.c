/* Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE. */

/* The least that a program can do. */

int main(void) { return 0; }
