# What the presets switch: tests, bench, warnings as errors, sanitizers; and where things lie, in the build folder as in the installed one.
option(ASSAY_TESTS "Build the tests" ON)
option(ASSAY_BENCH "Offer the benchmarks (target assay_benchmarks)" OFF)
option(ASSAY_WERROR "Warnings are errors" OFF)
set(ASSAY_SANITIZE "" CACHE STRING "Sanitizers for every target, as -fsanitize takes them: address,undefined or thread")

# Dev: speed enough to run whole experiments in tests, assertions of libraries on, line numbers in stack traces, little else to link.
# project() has made these, empty, where the build type was given: an empty one is not a choice.
foreach(language IN ITEMS C CXX)
  if(NOT CMAKE_${language}_FLAGS_DEV)
    set(CMAKE_${language}_FLAGS_DEV "-O1 -g1" CACHE STRING "" FORCE)
  endif()
endforeach()
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Dev CACHE STRING "" FORCE)
endif()

find_program(ASSAY_CCACHE ccache)
if(ASSAY_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${ASSAY_CCACHE} CACHE STRING "")
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${ASSAY_CCACHE} CACHE STRING "")
endif()
set(CMAKE_PCH_WARN_INVALID OFF) # a test target with a define more than the others then simply goes without

add_library(assay_options INTERFACE)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(assay_options INTERFACE -fpch-preprocess) # lets ccache see through the tests' precompiled header
endif()
target_compile_options(assay_options INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wno-sign-conversion
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict;-Wno-free-nonheap-object>) # false alarms of GCC 12 over std::string and std::vector
if(ASSAY_WERROR)
  target_compile_options(assay_options INTERFACE -Werror)
endif()
set(ASSAY_LONG_TIMEOUT 600)  # of long tests, in seconds
if(ASSAY_SANITIZE)
  set(ASSAY_LONG_TIMEOUT 2400)
  add_compile_options(-fsanitize=${ASSAY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ASSAY_SANITIZE})
  if(ASSAY_SANITIZE MATCHES "fuzzer")
    add_compile_definitions(FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION) # libFuzzer's name for it: checksums are not compared
  endif()
endif()
