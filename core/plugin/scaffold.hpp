// `assay plugin new`: copies a template of sdk/templates/<kind> into a new folder and puts the names in. Used by cli and by the tests that
// build every template. Never overwrites anything. Not meant for several threads on one folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace assay::plugin {

// kind: model, feature or metric (a folder of templates_dir). name: small letters, digits and _, beginning with a letter; the component's
// id becomes my.<name>. A template's ".in" falls off the file names. Returns the files written. Throws Error (usage): a bad name or kind, a
// folder that exists and is not empty.
std::vector<std::filesystem::path> write_scaffold(const std::string& kind, const std::string& name, const std::filesystem::path& dir,
                                                  const std::filesystem::path& templates_dir);

// The templates of this program: share/assay/templates beside its bin, in an installed prefix as in a build folder. Throws Error (failed)
// where there are none.
std::filesystem::path templates_folder();

}  // namespace assay::plugin
