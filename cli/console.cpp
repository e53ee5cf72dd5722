#include "cli/console.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "config/diagnostics_printer.hpp"

namespace assay::cli {

namespace {

// Where results go: what was stdout when the program began. Descriptor 1 leads to stderr from then on, so that what a plugin prints in this
// process never lands among the results.
std::FILE* results() {
  static std::FILE* const file = [] {
    const int own = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
    std::FILE* opened = own < 0 ? nullptr : ::fdopen(own, "w");
    if (opened == nullptr) return stdout;
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    return opened;
  }();
  return file;
}

bool wants_color(int file) {
  const char* no_color = std::getenv("NO_COLOR");
  return (no_color == nullptr || *no_color == '\0') && ::isatty(file) == 1;
}

double seconds_now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string duration(double seconds) {
  const std::int64_t s = std::llround(seconds);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", s / 3600, s / 60 % 60);
}

std::string fault_json(const Error& error) {
  const nlohmann::ordered_json json{
      {"error",
       {{"tried", error.tried()}, {"happened", error.happened()}, {"mend", error.mend()}, {"exit_code", static_cast<int>(error.fault())}}}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void write_all(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

}  // namespace

Console::Console(bool json)
    : json_(json),
      color_out_(wants_color(::fileno(results())) && !json),  // results() always: descriptor 1 turns away before a plugin is loaded
      color_err_(wants_color(STDERR_FILENO)),
      terminal_err_(::isatty(STDERR_FILENO) == 1) {}

int Console::width() const {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) return size.ws_col;
  return 100;
}

void Console::out(std::string_view text) {
  const bool whole = std::fwrite(text.data(), 1, text.size(), results()) == text.size();
  if (std::fflush(results()) == 0 && whole) return;
  if (errno == EPIPE) return;  // the reader has seen enough (`| head`)
  throw Error(Fault::failed, "writing the result", "the disk or the terminal refused it", "What was run is stored: `assay runs show last`");
}

void Console::expect(std::size_t values) { list_ = json_ && values > 1; }

void Console::value(std::string_view json_text) {
  if (!list_) return out(std::string(json_text) + "\n");
  out(std::string(values_++ == 0 ? "[" : ",\n") + std::string(json_text));
}

void Console::end_values() {
  if (list_) out(values_ == 0 ? "[]\n" : "]\n");
}

void Console::fault(const Error& error) {
  end_progress();
  say(fmt::format("assay: {}", error.what()));
  if (json_) value(fault_json(error));
}

void Console::say(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (bar_shown_) write_all(stderr, "\r\033[K");
  bar_shown_ = false;
  write_all(stderr, text::printable(line) + "\n");
}

void Console::show(const Diagnostics& diagnostics, const config::SourceTexts* sources) {
  if (diagnostics.items().empty()) return;
  end_progress();
  if (json_ && diagnostics.has_errors()) {
    return value("{\"errors\": " + config::diagnostics_json(diagnostics) + "}");
  }
  write_all(stderr, config::diagnostics_text(diagnostics, {color_err_, sources}));
}

void Console::draw(double share, const std::string& left, const std::string& doing) {
  const int room = std::clamp(width() / 8, 8, 30);  // words tell more than a long bar
  const int full = std::clamp(static_cast<int>(share * room), 0, room);
  std::string bar;
  for (int i = 0; i < room; ++i) bar += i < full ? "█" : "░";
  std::string rest = fmt::format(" {:3.0f} %  {}", share * 100, left);
  const int space = width() - room - static_cast<int>(text::utf8_length(rest)) - 4;
  if (space > 8) rest += "  " + (static_cast<int>(doing.size()) > space ? doing.substr(0, static_cast<std::size_t>(space)) : doing);
  write_all(stderr, "\r\033[K" + bar + rest);
  bar_shown_ = true;
}

void Console::progress(const run::Progress& progress) {
  const std::lock_guard lock(mutex_);
  const double now = seconds_now();
  if (began_ < 0 || progress.unit != unit_) {
    unit_ = progress.unit;
    began_ = now;
    first_share_ = progress.share;
  }
  const double spent = now - began_, gained = progress.share - first_share_;
  std::string left = fmt::format("{} of {} {}", progress.done, progress.total, progress.unit);
  if (gained > 0.01 && spent > 0.5) {
    left += fmt::format(", {:.3g}/s", static_cast<double>(progress.total) * gained / spent);
    left += ", " + duration(spent * (1 - progress.share) / gained) + " left";
  }
  if (terminal_err_) {
    if (now - drawn_ < 0.1 && progress.done != progress.total) return;
    drawn_ = now;
    draw(progress.share, left, progress.doing);
  } else if (now - began_ > 10 && now - drawn_ > 10) {  // a log file gets a line every ten seconds, and none from short runs
    drawn_ = now;
    write_all(stderr, fmt::format("{:3.0f} %  {}  {}\n", progress.share * 100, left, progress.doing));
  }
}

void Console::reading(std::uint64_t done, std::uint64_t total) {
  if (!terminal_err_ || total == 0) return;
  const std::lock_guard lock(mutex_);
  const double now = seconds_now();
  if (now - drawn_ < 0.1) return;
  drawn_ = now;
  draw(static_cast<double>(done) / static_cast<double>(total), fmt::format("{} of {} MB", done >> 20, total >> 20), "reading the data");
}

void Console::end_progress() {
  const std::lock_guard lock(mutex_);
  if (bar_shown_) write_all(stderr, "\r\033[K");
  bar_shown_ = false;
  began_ = drawn_ = -1;
}

std::string Console::bold(std::string_view text) const { return color_out_ ? fmt::format("\033[1m{}\033[0m", text) : std::string(text); }
std::string Console::dim(std::string_view text) const { return color_out_ ? fmt::format("\033[2m{}\033[0m", text) : std::string(text); }

}  // namespace assay::cli
