/// Counts what this process takes from the heap: linked in, it stands before the C library's malloc and its kin.
#pragma once
#include <stdint.h>

/// Calls of malloc, calloc, realloc, aligned_alloc, posix_memalign and memalign so far, of all threads.
uint64_t allocation_count(void);
