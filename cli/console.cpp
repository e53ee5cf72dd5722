#include "cli/console.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/text.hpp"
#include "config/diagnostics_printer.hpp"

namespace assay::cli {

namespace {

bool wants_color(int file) {
  const char* no_color = std::getenv("NO_COLOR");
  return (no_color == nullptr || *no_color == '\0') && ::isatty(file) == 1;
}

double seconds_now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string duration(double seconds) {
  const auto s = static_cast<std::int64_t>(seconds + 0.5);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", s / 3600, s / 60 % 60);
}

void write_all(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

}  // namespace

Console::Console(bool json)
    : json_(json),
      color_out_(!json && wants_color(STDOUT_FILENO)),
      color_err_(wants_color(STDERR_FILENO)),
      terminal_err_(::isatty(STDERR_FILENO) == 1) {}

int Console::width() const {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) return size.ws_col;
  return 100;
}

void Console::out(std::string_view text) { write_all(stdout, text); }

void Console::say(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (bar_shown_) write_all(stderr, "\r\033[K");
  bar_shown_ = false;
  write_all(stderr, std::string(line) + "\n");
}

void Console::show(const Diagnostics& diagnostics, const config::SourceTexts* sources) {
  if (diagnostics.items().empty()) return;
  end_progress();
  if (json_ && diagnostics.has_errors()) {
    out("{\"errors\": " + config::diagnostics_json(diagnostics) + "}\n");
    return;
  }
  write_all(stderr, config::diagnostics_text(diagnostics, {color_err_, sources}));
}

void Console::draw(double share, const std::string& left, const std::string& doing) {
  const int room = std::clamp(width() / 4, 10, 40);
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
  if (began_ < 0) {
    began_ = now;
    first_share_ = progress.share;
  }
  const double spent = now - began_, gained = progress.share - first_share_;
  std::string left = fmt::format("{} of {} fits", progress.done, progress.total);
  if (gained > 0.01 && spent > 0.5) {
    left += fmt::format(", {:.2g}/s", static_cast<double>(progress.total) * gained / spent);
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
