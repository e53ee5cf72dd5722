# assay_add_plugin(NAME SOURCES file... [VARIANTS x86-64-v3 x86-64-v4] [LINKS target...])
# Builds the plugin file NAME.so into ${PROJECT_BINARY_DIR}/plugins/, and once more for each CPU level of VARIANTS into the subfolder of that
# name; the host picks the best that the machine runs. Exports exactly the one entry symbol. NAME is the target of the plain build, which
# pulls the variants along; a variant's target is NAME_x86-64-v3.
set(ASSAY_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/assay_plugin.map CACHE INTERNAL "")

function(_assay_plugin_target target name folder)
  add_library(${target} MODULE ${arg_SOURCES})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${name} PREFIX "" SUFFIX ".so"
    CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${folder}
    LINK_DEPENDS ${ASSAY_PLUGIN_MAP})
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_link_libraries(${target} PRIVATE assay::sdk ${arg_LINKS})
  if(TARGET assay_options)
    target_link_libraries(${target} PRIVATE assay_options)
  endif()
  # g++ 12 sees uninitialised values in Eigen's vectorised reductions that are none.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized -Wno-uninitialized)
  endif()
  target_link_options(${target} PRIVATE "LINKER:--version-script=${ASSAY_PLUGIN_MAP}")
  # A missing symbol is the author's link error, not the user's. Sanitizers leave theirs to the program.
  if(NOT ASSAY_SANITIZE AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    target_link_options(${target} PRIVATE LINKER:-z,defs)
  endif()
endfunction()

function(assay_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FOLDER" "SOURCES;VARIANTS;LINKS")
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "assay_add_plugin(NAME SOURCES file... [VARIANTS level...] [LINKS target...])")
  endif()
  if(NOT arg_FOLDER)
    set(arg_FOLDER plugins) # another folder below the build folder keeps test plugins out of the program's sight
  endif()
  if(arg_FOLDER STREQUAL "plugins")
    set_property(GLOBAL APPEND PROPERTY ASSAY_SHIPPED_PLUGINS ${name})
  endif()
  _assay_plugin_target(${name} ${name} ${arg_FOLDER})
  if(ASSAY_PLUGIN_INSTALL_DIR AND arg_FOLDER STREQUAL "plugins")
    install(TARGETS ${name} LIBRARY DESTINATION ${ASSAY_PLUGIN_INSTALL_DIR})
  endif()
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
    return()
  endif()
  foreach(level IN LISTS arg_VARIANTS)
    if(NOT level MATCHES "^x86-64-v[234]$")
      message(FATAL_ERROR "assay_add_plugin: a variant is x86-64-v2, x86-64-v3 or x86-64-v4, not ${level}")
    endif()
    set(target ${name}_${level})
    _assay_plugin_target(${target} ${name} ${arg_FOLDER}/${level})
    target_compile_options(${target} PRIVATE -march=${level})
    add_dependencies(${name} ${target})
    if(ASSAY_PLUGIN_INSTALL_DIR AND arg_FOLDER STREQUAL "plugins")
      install(TARGETS ${target} LIBRARY DESTINATION ${ASSAY_PLUGIN_INSTALL_DIR}/${level})
    endif()
  endforeach()
endfunction()
