#include "CAllocationCount.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

static _Atomic uint64_t allocations;

uint64_t allocation_count(void) { return atomic_load_explicit(&allocations, memory_order_relaxed); }

// A sanitizer brings a heap of its own, which must not be stood before.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

// glibc's own names for what is replaced here; free needs no counting and stays glibc's.
void *__libc_malloc(size_t count);
void *__libc_calloc(size_t items, size_t count);
void *__libc_realloc(void *memory, size_t count);
void *__libc_memalign(size_t alignment, size_t count);

static void count_one(void) { atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed); }

void *malloc(size_t count) {
  count_one();
  return __libc_malloc(count);
}

void *calloc(size_t items, size_t count) {
  count_one();
  return __libc_calloc(items, count);
}

void *realloc(void *memory, size_t count) {
  count_one();
  return __libc_realloc(memory, count);
}

void *memalign(size_t alignment, size_t count) {
  count_one();
  return __libc_memalign(alignment, count);
}

void *aligned_alloc(size_t alignment, size_t count) {
  count_one();
  return __libc_memalign(alignment, count);
}

int posix_memalign(void **memory, size_t alignment, size_t count) {
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  count_one();
  *memory = __libc_memalign(alignment, count);
  return *memory == NULL ? ENOMEM : 0;
}

#endif
