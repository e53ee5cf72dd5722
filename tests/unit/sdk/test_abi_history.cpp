// Every released struct is a prefix of today's, and every released number still means the same: plugins built against a release keep
// working.
#include <cstddef>

#include "assay/abi.h"
#include "support/catch.hpp"

// The file of a release is code: it does not compile where a member is gone, and its static_asserts say which one moved.
// Growth at the end is allowed, but in the three frozen types that are embedded by value.
#define STRUCT(name, size, alignment)                                \
  static_assert(sizeof(struct name) >= (size), #name " has shrunk"); \
  static_assert(alignof(struct name) == (alignment), #name " is aligned differently");
#define MEMBER(owner, member, offset, size)                                               \
  static_assert(offsetof(struct owner, member) == (offset), #owner "." #member " moved"); \
  static_assert(sizeof(((struct owner*)nullptr)->member) == (size), #owner "." #member " changed its size");
#define CONSTANT(name, value) static_assert((name) == (value), #name " changed its value");
#include "abi_history/abi_0_1.inc"
#undef STRUCT
#undef MEMBER
#undef CONSTANT

TEST_CASE("abi: the frozen value types keep their size, for they are embedded by value") {
  CHECK(sizeof(assay_text) == 16);
  CHECK(sizeof(assay_value) == 48);
  CHECK(sizeof(assay_array) == 128);
}

TEST_CASE("abi: the history of 0.1 is whole") {
  int structs = 0, members = 0, constants = 0;
#define STRUCT(name, size, alignment) ++structs;
#define MEMBER(owner, member, offset, size) ++members;
#define CONSTANT(name, value) ++constants;
#include "abi_history/abi_0_1.inc"
#undef STRUCT
#undef MEMBER
#undef CONSTANT
  CHECK(structs == 25);
  CHECK(members == 172);
  CHECK(constants == 58);
}
