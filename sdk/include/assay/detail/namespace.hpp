// The SDK's version and the hidden, versioned inline namespace that all of it lives in: two plugins built with two SDKs share nothing in
// one process. Used by every SDK header. Thread rule: nothing here runs.
#pragma once

#define ASSAY_SDK_VERSION "0.1.0"
#define ASSAY_SDK_NAMESPACE sdk_0_1_0

#if defined(_WIN32)
#define ASSAY_HIDDEN
#else
#define ASSAY_HIDDEN __attribute__((visibility("hidden")))
#endif

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {}
}  // namespace assay
