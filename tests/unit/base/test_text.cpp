#include <cmath>
#include <limits>

#include "base/text.hpp"
#include "support/catch.hpp"

using namespace assay;

TEST_CASE("trimming, splitting and joining lose nothing in between") {
  CHECK(text::trim(" \t a b\r\n") == "a b");
  CHECK(text::trim(" \n").empty());
  CHECK(text::split("a,,b,", ',') == std::vector<std::string_view>{"a", "", "b", ""});
  CHECK(text::split("", ',') == std::vector<std::string_view>{""});
  CHECK(text::join(std::vector<std::string>{"a", "", "b"}, ", ") == "a, , b");
  CHECK(text::join({}, ", ").empty());
}

TEST_CASE("numbers are whole texts in the C locale") {
  CHECK(text::to_real("1.5e3") == 1500.0);
  CHECK(text::to_real("+2") == 2.0);
  CHECK(text::to_real(".5") == 0.5);
  CHECK(text::to_real("-0.1") == -0.1);
  CHECK(text::to_integer("-42") == -42);
  CHECK(text::to_integer("+7") == 7);
  CHECK(text::to_integer("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  for (const char* wrong : {"", "+", "+-1", "1,5", "1.5x", " 1", "1 ", "0x10", "nan", "inf", "-inf", "1e999", "1e"})
    CHECK_FALSE(text::to_real(wrong));
  for (const char* wrong : {"", "+-1", "1.0", "9223372036854775808", "1e3", "0x1", " 1"}) CHECK_FALSE(text::to_integer(wrong));
}

TEST_CASE("the shortest text reads back to the same bits") {
  CHECK(text::shortest(0.1) == "0.1");
  CHECK(text::shortest(1e22) == "1e+22");
  CHECK(text::shortest(-0.0) == "-0");
  CHECK(text::shortest(std::nan("")) == "nan");
  CHECK(text::shortest(-std::numeric_limits<double>::infinity()) == "-inf");
  for (const double value : {1.0 / 3, 5e-324, std::numeric_limits<double>::max(), 123456789.123456789})
    CHECK(text::to_real(text::shortest(value)) == value);
}

// Unicode 15, table 3-7 (well-formed UTF-8 byte sequences): one case on each side of every border.
TEST_CASE("invalid UTF-8 is found at its first byte") {
  for (const char* good :
       {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    CHECK_FALSE(text::first_invalid_utf8(good));
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC2", "\xE2\x82", "\xF0\x9F\x98", "\xC2\x41"}) {
    CHECK(text::first_invalid_utf8(bad) == 0u);
    CHECK(text::first_invalid_utf8(std::string("\xC3\xA4z") + bad) == 3u);
  }
  CHECK(text::utf8_length("z\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80") == 4);
}

TEST_CASE("edit distance counts a swap of neighbours once") {
  CHECK(text::edit_distance("kitten", "sitting") == 3);  // the textbook pair
  CHECK(text::edit_distance("teh", "the") == 1);
  CHECK(text::edit_distance("ca", "abc") == 3);  // restricted: a swapped pair is not edited again
  CHECK(text::edit_distance("", "abc") == 3);
  CHECK(text::edit_distance("same", "same") == 0);
}

TEST_CASE("the nearest word is near, or none") {
  const std::vector<std::string> known{"epochs", "batch_size", "early_stopping", "repeats"};
  CHECK(text::nearest("epoch", known) == "epochs");
  CHECK(text::nearest("bach_size", known) == "batch_size");
  CHECK(text::nearest("early_stoping", known) == "early_stopping");
  CHECK_FALSE(text::nearest("penguin", known));
  CHECK_FALSE(text::nearest("x", known));
  const std::vector<std::string> metrics{"auc", "accuracy", "f1", "log_loss", "brier"};
  CHECK(text::nearest("acc", metrics) == "accuracy");  // though auc is one letter away
  CHECK(text::nearest("rocauc", metrics) == "auc");
  CHECK(text::nearest("loss", metrics) == "log_loss");
  CHECK(text::nearest("a", metrics) == std::nullopt);  // the beginning of two
  CHECK(text::nearest("f", metrics) == "f1");
  CHECK(text::nearest("early", known) == "early_stopping");
}

TEST_CASE("globs match whole names") {
  CHECK(text::matches("PAY_*", "PAY_0"));
  CHECK(text::matches("PAY_*", "PAY_"));
  CHECK(text::matches("*", ""));
  CHECK(text::matches("a?c", "abc"));
  CHECK(text::matches("*a*b", "xxaxxab"));
  CHECK_FALSE(text::matches("PAY_*", "XPAY_0"));
  CHECK_FALSE(text::matches("a?c", "ac"));
  CHECK_FALSE(text::matches("", "a"));
  CHECK_FALSE(text::matches("*a*b", "xxaxxabc"));
}

TEST_CASE("what others wrote is printed without its control characters") {
  CHECK(text::printable("plain, caf\xC3\xA9\n\tindented") == "plain, caf\xC3\xA9\n\tindented");
  CHECK(text::printable("\x1b[2Jgone\a\r") == "\\x1b[2Jgone\\x07\\x0d");
  CHECK(text::printable("\x7f") == "\\x7f");
  CHECK(text::printable("\xC2\x9B"
                        "31m") == "\\x9b31m");  // U+009B begins a sequence as ESC [ does
  CHECK(text::printable("\xC2\xA0") == "\xC2\xA0");
  CHECK(text::printable("a\x9B\xFF"
                        "b") ==
        "a\\x9b\\xff"
        "b");  // no UTF-8
  CHECK(text::printable("").empty());
}
