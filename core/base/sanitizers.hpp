// ASSAY_SANITIZED: this file is compiled for the address or the thread sanitizer, with g++ or clang. They bring an allocator, signal
// handlers and shadow memory of their own. Used where those do not bear what we do otherwise.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ASSAY_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ASSAY_SANITIZED 1
#endif
#endif
