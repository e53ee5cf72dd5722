// The hidden inline namespace that all of nn lives in, tagged by the CPU level and vector width it is compiled for: a plugin and another
// one built with other flags never share its code. Used by every header of nn. Thread rule: nothing here runs.
#pragma once

#include "assay/detail/namespace.hpp"
#include "assay/detail/note.hpp"

#if defined(__AVX512F__)
#define ASSAY_NN_VECTOR_BYTES 64
#elif defined(__AVX__)
#define ASSAY_NN_VECTOR_BYTES 32
#else
#define ASSAY_NN_VECTOR_BYTES 16
#endif

#define ASSAY_NN_JOIN_(level, bytes) nn_level_##level##_bytes_##bytes
#define ASSAY_NN_JOIN(level, bytes) ASSAY_NN_JOIN_(level, bytes)
#if ASSAY_LEVEL == 4
#define ASSAY_NN_NAMESPACE ASSAY_NN_JOIN(4, ASSAY_NN_VECTOR_BYTES)
#elif ASSAY_LEVEL == 3
#define ASSAY_NN_NAMESPACE ASSAY_NN_JOIN(3, ASSAY_NN_VECTOR_BYTES)
#elif ASSAY_LEVEL == 2
#define ASSAY_NN_NAMESPACE ASSAY_NN_JOIN(2, ASSAY_NN_VECTOR_BYTES)
#else
#define ASSAY_NN_NAMESPACE ASSAY_NN_JOIN(1, ASSAY_NN_VECTOR_BYTES)
#endif

// A loop of constant length that has to become straight code, so that its arrays stay in registers.
#if defined(__clang__)
#define ASSAY_NN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define ASSAY_NN_UNROLL _Pragma("GCC unroll 16")
#endif

// A few lines that are worth it only inside their caller's registers.
#define ASSAY_NN_INLINE inline __attribute__((always_inline))

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {}
}  // namespace assay::nn
