// Writes the first corpus of each fuzzer whose inputs are no files of the repository: fuzz_seeds FOLDER makes FOLDER/<fuzzer>/<seed>.
#include <elf.h>
#include <zlib.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "data/column_file.hpp"
#include "plugin/state_bundle.hpp"

using namespace assay;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> kTables = {
    "t,e,x,y\n2020-01-02,A,1,true\n2020-01-03,B,-2.5e3,false\n2020-01-06,A,,NA\n",
    "\xEF\xBB\xBFt;x;\"a \"\"quoted\"\" name\"\r\n2020/01/02 10:30;1;\"line\nbreak\"\r\n2020/03/29 02:30;2;\r\n",
    "t\tx\n1600000000000\t9223372036854775807\n1600000000001\t-9223372036854775808\n",
    ",a,b\n0,x,-1\n1,y,1e400\n2,\"z\",0x10\n",
    "Title\n\nt;x;\r\n31.12.2020;1.234,5;\r\n30.12.2020;2.000.000,25;\r\nSource: x\r\n",
    "sep=;\ra;b\r\"1,234.5\";5%\r1.2M;3.4K\r",
    "t e   x\n2020/01/02 10:30  1\n2020/01/03 \"10:31\" -2 \n",
    std::string("\xFF\xFEt\0,\0x\0\n\0001\0,\0002\0\n\0", 18),
    "x\n\xA3\xF3"
    "d\x9F\n\x93\xFA\n",
    "1,2,\n3,4,\n5,6\n",
};

class Corpus {
 public:
  Corpus(const fs::path& root, const char* fuzzer) : folder_(root / fuzzer) { fs::create_directories(folder_); }
  void add(const std::string& bytes) { std::ofstream(next(), std::ios::binary) << bytes; }
  fs::path next() { return folder_ / std::to_string(count_++); }

 private:
  fs::path folder_;
  int count_ = 0;
};

std::string packed(std::string text) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(text.data());
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

void column_files(Corpus corpus) {
  for (int kind = 0; kind < 3; ++kind) {
    data::CsvOptions options;
    data::TimeRules rules;
    if (kind > 0) options.time_column = rules.time_column = "t";
    if (kind > 1) options.entity_column = rules.entity_column = "e";
    data::CsvTable table = data::parse_csv(kTables[0], options);
    data::FrameNotes notes;
    data::LoadedFrame loaded;
    loaded.frame = data::Frame::finish(std::move(table.columns), rules, notes);
    loaded.content_hash = "hash";
    loaded.notes = {"a note"};
    data::write_column_file(corpus.next(), loaded, "key");
  }
}

void bundles(Corpus corpus) {
  plugin::StateBundle bundle;
  bundle.component_id = "linear.ridge";
  bundle.component_version = "1.0";
  bundle.abi = "0.1";
  bundle.columns_hash = "abc";
  bundle.params = {"linear.ridge", {{"l2", {0.5}}, {"names", {config::List{{std::string("a")}, {true}, {}}}}}};
  corpus.add(plugin::bundle_bytes(bundle));
  const double weights[] = {1.0, -2.0, 0.5, 3.0};
  plugin::StateEntry entry;
  entry.name = "weights";
  entry.dtype = ASSAY_F64;
  entry.shape = {2, 2};
  const auto raw = std::as_bytes(std::span(weights));
  entry.bytes.assign(raw.begin(), raw.end());
  bundle.state.put(entry);
  bundle.state.put_text("about", "two by two");
  bundle.params.params.emplace_back("inner", config::Value{config::ComponentValue{"x", {{"inf", {std::stod("inf")}}}}});
  corpus.add(plugin::bundle_bytes(bundle));
}

void notes(Corpus corpus) {
  const std::string note = std::string("ASSAY-PLUGIN abi=0.1 needs=0.1 sdk=0.1.0 cxx=g++-12.2 isa=x86-64-v3 features=avx2,fma") + '\0';
  corpus.add(note.substr(0, note.size() - 1));
  for (const std::uint16_t machine : {std::uint16_t{EM_X86_64}, std::uint16_t{EM_AARCH64}}) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_DYN;
    header.e_machine = machine;
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 1;
    Elf64_Phdr segment{};
    segment.p_type = PT_LOAD;
    segment.p_offset = sizeof header + sizeof segment;
    segment.p_filesz = note.size();
    std::string file(reinterpret_cast<const char*>(&header), sizeof header);
    file.append(reinterpret_cast<const char*>(&segment), sizeof segment);
    corpus.add(file + note);
  }
}

void texts(const fs::path& root) {
  Corpus time(root, "time"), csv(root, "csv"), gzip(root, "gzip"), expression(root, "expression"), set(root, "set");
  for (std::size_t i = 0; i < kTables.size(); ++i) {
    for (const char how : {'\0', static_cast<char>(i + 1)})
      csv.add(std::string{how, 0, static_cast<char>(how * 3), how, how, 7} + kTables[i]);
    gzip.add(packed(kTables[i]));
  }
  gzip.add(packed(kTables[0]) + packed(kTables[1]) + "padding");
  gzip.add(packed(std::string(5'000'000, 'x')));  // more than one step of the unpacker
  for (const char* text : {"log(x / lag(x, 1))", "lead(x, 2) / x - 1", "rolling_mean(x, 3) + std(x, 2)", "if(b and not (x > 2), -x, 1e3)",
                           "row % 5 == 0 or c == \"u\"", "least(x, 2, greatest(x, 1)) ** 2",
                           "mean(x, 3) - min(x, 2) * max(x, 4) + sum(x, 2)", "((((x))))", "t > 2020-01-01", "abs(sqrt(exp(x)))"})
    expression.add(text);
  for (const char* text :
       {"\n2020-01-31T09:30:00.25+02:00", "%d.%m.%Y %H:%M\n31.12.2020 24:00", "%a, %e %B %y %I:%M %p\nThu,  2 January 20 09:30 PM",
        "%YQ%q\n2020Q3", "%Y%j\n2020366", "epoch_ms\n1420070400000.25", "excel\n43831.75", "%F%T.%f%z\n2020-01-0101:02:03.5-0530",
        "%D %R\n01/02/20 09:30", "%%%h\n%Jul"})
    time.add(text);
  for (const char* text :
       {"seed=8", "models.one.hidden=[8, 8]\nseed=3", "data.path=${A}", "prepare.0.method=robust", "models.two=null",
        "evaluate={metrics: [auc], threshold: 0.5}", "split.use=k_fold\nsplit.folds=5", "models.one={use: linear.logistic}"})
    set.add(text);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 1;
  const fs::path root = argv[1];
  texts(root);
  column_files(Corpus(root, "column_file"));
  bundles(Corpus(root, "bundle"));
  notes(Corpus(root, "note"));
  return 0;
}
