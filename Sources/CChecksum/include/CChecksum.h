/// CRC-32C (Castagnoli, reflected), one step: no initial or final inversion.
/// The caller (Bytes/CRC32C.swift) owns the convention and the portable fallback.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// True where this processor has CRC-32C instructions and this build knows how to use them.
bool checksum_crc32c_in_hardware(void);

/// `state` advanced over `count` bytes with the processor's instructions.
/// Undefined where `checksum_crc32c_in_hardware()` is false.
uint32_t checksum_crc32c_hardware(uint32_t state, const void *bytes, size_t count);
