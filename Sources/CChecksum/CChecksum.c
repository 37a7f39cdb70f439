#include "CChecksum.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define HARDWARE __attribute__((target("sse4.2")))
#define STEP8(state, value) ((uint32_t)_mm_crc32_u64((state), (value)))
#define STEP1(state, value) _mm_crc32_u8((state), (value))
bool checksum_crc32c_in_hardware(void) { return __builtin_cpu_supports("sse4.2"); }

#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#define HARDWARE __attribute__((target("+crc")))
#define STEP8(state, value) __crc32cd((state), (value))
#define STEP1(state, value) __crc32cb((state), (value))
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
bool checksum_crc32c_in_hardware(void) { return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }

#else
#define HARDWARE
#define STEP8(state, value) (state)
#define STEP1(state, value) (state)
bool checksum_crc32c_in_hardware(void) { return false; }
#endif

HARDWARE uint32_t checksum_crc32c_hardware(uint32_t state, const void *bytes, size_t count) {
  const uint8_t *next = bytes;
  for (; count >= 8; count -= 8, next += 8) {
    uint64_t word;
    memcpy(&word, next, sizeof word);
    state = STEP8(state, word);
  }
  for (; count > 0; count--, next++) state = STEP1(state, *next);
  return state;
}
