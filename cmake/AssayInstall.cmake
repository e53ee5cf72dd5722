# The program: beside it (build/<preset>/plugins) or below its prefix (lib/assay/plugins) lie the plugins, and share/assay/templates in both.
# sdk/ installs the headers and the CMake package, nn/ its sources, assay_add_plugin() each plugin.
if(TARGET assay)
  set_target_properties(assay PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  install(TARGETS assay RUNTIME DESTINATION bin)
endif()
if(EXISTS ${PROJECT_SOURCE_DIR}/sdk/templates)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/assay)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/sdk/templates ${PROJECT_BINARY_DIR}/share/assay/templates SYMBOLIC)
endif()
