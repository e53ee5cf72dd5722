# Read by the scripts beside it, after `prefix` and `work` are set: a stranger's clean folder and environment.
rm -rf "$work"
mkdir -p "$work"
cd "$work"
unset ASSAY_PLUGIN_PATH ASSAY_HOME ASSAY_LEDGER
export XDG_DATA_HOME="$work/data" XDG_CACHE_HOME="$work/cache" ASSAY_STORE="$work/assay.db"
assay=$prefix/bin/assay

fail() {
  echo "$@"
  exit 1
}
# build SOURCE [CMAKE ARGUMENT...]: against the prefix alone, into ./build.
build() {
  from=$1
  shift
  cmake -S "$from" -B build -G Ninja -DCMAKE_PREFIX_PATH="$prefix" "$@" >configure.txt 2>&1 || { cat configure.txt; exit 1; }
  cmake --build build >build.txt 2>&1 || { cat build.txt; exit 1; }
  grep -q -e "-I$prefix/include\|-isystem $prefix/include" build/build.ninja || fail "it was not built with the installed headers"
}
run_whole() {
  "$assay" run "$1" --json >result.json || { cat result.json; exit 1; }
  grep -q '"status": *"complete"' result.json || { cat result.json; exit 1; }
}
