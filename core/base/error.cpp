#include "base/error.hpp"

#include <utility>

namespace assay {

namespace {
std::string join(const std::string& tried, const std::string& happened, const std::string& mend) {
  std::string text = tried.empty() ? happened : tried + ": " + happened;
  if (!mend.empty()) text += ". " + mend;
  return text;
}
}  // namespace

Error::Error(Fault fault, std::string tried, std::string happened, std::string mend)
    : std::runtime_error(join(tried, happened, mend)),
      fault_(fault),
      tried_(std::move(tried)),
      happened_(std::move(happened)),
      mend_(std::move(mend)) {}

void broken_promise(const char* expression, const char* file, int line, std::string_view why) {
  throw BrokenPromise(std::string("broken promise at ") + file + ":" + std::to_string(line) + ": " + expression + " (" + std::string(why) +
                      ")");
}

}  // namespace assay
