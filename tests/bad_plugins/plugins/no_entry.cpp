// has the note of a plugin, but not its entry
namespace {
[[gnu::used]] const char note[] = "ASSAY-PLUGIN abi=0.1 needs=0.1 sdk=0.1.0 cxx=gcc-12.2 isa=x86-64 features=";
}  // namespace

extern "C" __attribute__((visibility("default"))) int something_else() { return 1; }
