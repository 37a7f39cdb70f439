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

// The instruction takes one step a cycle but its result is three cycles late. So long runs go in three lanes side by side,
// which are joined by moving a lane's state over the bytes that follow it.
enum { LANE = 2048 };

/// `state` moved over LANE zero bytes: multiplied by x^(8 * LANE) modulo the polynomial, bits reflected.
static uint32_t over_lane(uint32_t state) {
  uint32_t factor = 0x0D65762A;
  uint32_t product = 0;
  for (int bit = 31; bit >= 0; bit--) {
    product ^= factor & -((state >> bit) & 1);
    factor = (factor >> 1) ^ (0x82F63B78 & -(factor & 1));
  }
  return product;
}

static uint64_t word(const uint8_t *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

HARDWARE uint32_t checksum_crc32c_hardware(uint32_t state, const void *bytes, size_t count) {
  const uint8_t *next = bytes;
  for (; count >= 3 * LANE; count -= 3 * LANE, next += 3 * LANE) {
    uint32_t second = 0, third = 0;
    for (size_t i = 0; i < LANE; i += 8) {
      state = STEP8(state, word(next + i));
      second = STEP8(second, word(next + LANE + i));
      third = STEP8(third, word(next + 2 * LANE + i));
    }
    state = over_lane(over_lane(state) ^ second) ^ third;
  }
  for (; count >= 8; count -= 8, next += 8) state = STEP8(state, word(next));
  for (; count > 0; count--, next++) state = STEP1(state, *next);
  return state;
}
