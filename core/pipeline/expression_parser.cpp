// Text to tree: a hand-written lexer and a recursive descent parser. Lengths and depths are bounded, so hostile text cannot exhaust the
// stack.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "pipeline/expression.hpp"

namespace assay::pipeline {

namespace {

constexpr std::size_t kLongest = 4096;  // bytes of one expression
constexpr int kDeepest = 100;           // nested parentheses, calls and signs
constexpr double kLargestWindow = 10'000'000;
constexpr std::string_view kHorizon = "horizon";

struct Token {
  enum class Kind { end, number, text, name, quoted_name, symbol };
  Kind kind = Kind::end;
  std::string text;
  double number = 0;
  std::int64_t offset = 0, length = 1;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> all() {
    std::vector<Token> tokens;
    do tokens.push_back(next());
    while (tokens.back().kind != Token::Kind::end);
    return tokens;
  }

 private:
  static bool starts_name(unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80; }
  static bool digit(char c) { return c >= '0' && c <= '9'; }
  static bool in_name(char c) { return starts_name(static_cast<unsigned char>(c)) || digit(c) || c == '.'; }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  Token made(Token::Kind kind, std::size_t from) const {
    Token token;
    token.kind = kind;
    token.text = text_.substr(from, at_ - from);
    token.offset = static_cast<std::int64_t>(text::utf8_length(text_.substr(0, from)));
    token.length = std::max<std::int64_t>(1, static_cast<std::int64_t>(text::utf8_length(token.text)));
    return token;
  }
  [[noreturn]] void refuse(std::size_t from, const std::string& message, std::string mend) const {
    const Token token = made(Token::Kind::symbol, from);
    throw ExpressionError(message, std::move(mend), token.offset, token.length);
  }

  Token next() {
    while (at_ < text_.size() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++at_;
    const std::size_t from = at_;
    if (at_ >= text_.size()) return made(Token::Kind::end, from);
    const char c = peek();
    if (digit(c) || (c == '.' && digit(peek(1)))) return number(from);
    if (starts_name(static_cast<unsigned char>(c))) {
      while (at_ < text_.size() && in_name(peek())) ++at_;
      return made(Token::Kind::name, from);
    }
    if (c == '"' || c == '\'') return quoted(from, c, Token::Kind::text);
    if (c == '`') return quoted(from, '`', Token::Kind::quoted_name);
    if (c == '[') return quoted(from, ']', Token::Kind::quoted_name);
    return symbol(from);
  }

  Token number(std::size_t from) {
    while (digit(peek())) ++at_;
    if (peek() == '.') {
      ++at_;
      while (digit(peek())) ++at_;
    }
    const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if ((peek() == 'e' || peek() == 'E') && digit(peek(1 + sign))) {
      at_ += 1 + sign;
      while (digit(peek())) ++at_;
    }
    while (at_ < text_.size() && in_name(peek())) ++at_;  // "3y", "1.2.3": one token, so that the message shows all of it
    Token token = made(Token::Kind::number, from);
    std::string digits = token.text;
    if (!digits.empty() && digits.back() == '.') digits += '0';
    const auto value = text::to_real(digits.front() == '.' ? "0" + digits : digits);
    if (!value || !std::isfinite(*value)) {
      refuse(from, fmt::format("`{}` is not a number", token.text), "a column whose name begins with a digit stands in backquotes: `1y`");
    }
    token.number = *value;
    return token;
  }

  Token quoted(std::size_t from, char end, Token::Kind kind) {
    const std::size_t close = text_.find(end, from + 1);
    if (close == std::string_view::npos) {
      at_ = text_.size();
      refuse(from, fmt::format("the closing {} is missing", end), "");
    }
    at_ = close + 1;
    Token token = made(kind, from);
    token.text = std::string(text_.substr(from + 1, close - from - 1));
    if (kind == Token::Kind::quoted_name && token.text.empty()) refuse(from, "an empty column name", "");
    return token;
  }

  Token symbol(std::size_t from) {
    static constexpr std::string_view kTwo[] = {"==", "!=", "<=", ">=", "&&", "||"};
    for (const std::string_view two : kTwo) {
      if (text_.substr(at_, 2) == two) {
        at_ += 2;
        return made(Token::Kind::symbol, from);
      }
    }
    ++at_;
    static constexpr std::string_view kOne = "+-*/%<>!(),=";
    if (kOne.find(text_[from]) != std::string_view::npos) return made(Token::Kind::symbol, from);
    const char c = text_[from];
    std::string mend;
    if (c == '^') mend = "powers are written pow(x, y)";
    if (c == '&') mend = "write `and`";
    if (c == '|') mend = "write `or`";
    if (c == '$') mend = "environment variables are written ${NAME}, and are replaced before the expression is read";
    refuse(from, fmt::format("`{}` means nothing in an expression", c), mend);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class Parser {
 public:
  Parser(std::vector<Token> tokens, Use use, std::int64_t horizon) : tokens_(std::move(tokens)), use_(use), horizon_(horizon) {}

  Ast whole() {
    if (now().kind == Token::Kind::end) throw ExpressionError("the expression is empty", "", 0, 1);
    Ast ast = any();
    if (now().kind != Token::Kind::end) unexpected();
    return ast;
  }

 private:
  struct Depth {
    explicit Depth(Parser& owner) : parser(owner) {
      if (++parser.depth_ > kDeepest) {
        throw ExpressionError(fmt::format("nested more than {} deep", kDeepest), "name a part of it as a feature of its own",
                              parser.now().offset, 1);
      }
    }
    ~Depth() { --parser.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    Parser& parser;
  };

  const Token& now() const { return tokens_[at_]; }
  bool is(std::string_view symbol) const { return now().kind == Token::Kind::symbol && now().text == symbol; }
  bool is_word(std::string_view word) const { return now().kind == Token::Kind::name && now().text == word; }

  [[noreturn]] void unexpected() const {
    const Token& token = now();
    if (token.kind == Token::Kind::end) throw ExpressionError("the expression ends too early", "", token.offset, 1);
    if (token.text == "=" && token.kind == Token::Kind::symbol) throw refusal(token, "`=` assigns nothing here", "to compare, write `==`");
    if (token.text == ")" && token.kind == Token::Kind::symbol) throw refusal(token, "a `)` without its `(`", "");
    if (token.text == "," && token.kind == Token::Kind::symbol) throw refusal(token, "a comma outside a call", "");
    std::string mend;
    if (at_ > 0 && tokens_[at_ - 1].kind == Token::Kind::name && token.kind == Token::Kind::name) {
      mend = fmt::format("a name with blanks stands in backquotes: `{} {}`", tokens_[at_ - 1].text, token.text);
    }
    throw refusal(token, fmt::format("`{}` is not expected here", token.text), mend);
  }
  static ExpressionError refusal(const Token& token, const std::string& message, std::string mend) {
    return {message, std::move(mend), token.offset, token.length};
  }

  Ast joined(Op op, Ast left, Ast right) const {
    Ast ast;
    ast.kind = Ast::Kind::apply;
    ast.op = op;
    ast.offset = left.offset;
    ast.length = right.offset + right.length - left.offset;
    ast.arguments.push_back(std::move(left));
    ast.arguments.push_back(std::move(right));
    return ast;
  }

  Ast any() {
    const Depth depth(*this);
    Ast left = both();
    while (is("||") || is_word("or")) {
      ++at_;
      left = joined(Op::logical_or, std::move(left), both());
    }
    return left;
  }
  Ast both() {
    Ast left = opposite();
    while (is("&&") || is_word("and")) {
      ++at_;
      left = joined(Op::logical_and, std::move(left), opposite());
    }
    return left;
  }
  Ast opposite() {
    if (!is("!") && !is_word("not")) return compared();
    return unary(Op::logical_not, [this] { return opposite(); });
  }
  template <class Operand>
  Ast unary(Op op, Operand operand) {
    const Depth depth(*this);
    const std::int64_t offset = now().offset;
    ++at_;
    Ast ast;
    ast.kind = Ast::Kind::apply;
    ast.op = op;
    ast.offset = offset;
    ast.arguments.push_back(operand());
    ast.length = ast.arguments[0].offset + ast.arguments[0].length - offset;
    return ast;
  }

  std::optional<Op> comparison() const {
    if (now().kind != Token::Kind::symbol) return std::nullopt;
    for (const Operator& entry : operators()) {
      if (entry.family == Family::comparison && entry.name == now().text) return entry.op;
    }
    return std::nullopt;
  }
  Ast compared() {
    Ast left = sums();
    const auto op = comparison();
    if (!op) return left;
    ++at_;
    left = joined(*op, std::move(left), sums());
    if (comparison()) throw refusal(now(), "comparisons cannot be chained", "write `a < b and b < c`");
    return left;
  }
  Ast sums() {
    Ast left = products();
    while (is("+") || is("-")) {
      const Op op = is("+") ? Op::add : Op::subtract;
      ++at_;
      left = joined(op, std::move(left), products());
    }
    return left;
  }
  Ast products() {
    Ast left = signed_value();
    while (is("*") || is("/") || is("%")) {
      const Op op = is("*") ? Op::multiply : is("/") ? Op::divide : Op::modulo;
      ++at_;
      if (is("*")) throw refusal(now(), "`**` means nothing in an expression", "powers are written pow(x, y)");
      left = joined(op, std::move(left), signed_value());
    }
    return left;
  }
  Ast signed_value() {
    if (is("+")) {
      const Depth depth(*this);
      ++at_;
      return signed_value();
    }
    if (!is("-")) return value();
    Ast ast = unary(Op::negate, [this] { return signed_value(); });
    if (ast.arguments[0].kind != Ast::Kind::number) return ast;
    Ast number = std::move(ast.arguments[0]);
    number.number = -number.number;
    number.offset = ast.offset;
    number.length = ast.length;
    return number;
  }

  Ast value() {
    const Token token = now();
    Ast ast;
    ast.offset = token.offset;
    ast.length = token.length;
    switch (token.kind) {
      case Token::Kind::number:
        ++at_;
        ast.kind = Ast::Kind::number;
        ast.number = token.number;
        return ast;
      case Token::Kind::text:
      case Token::Kind::quoted_name:
        ++at_;
        ast.kind = token.kind == Token::Kind::text ? Ast::Kind::text : Ast::Kind::name;
        ast.text = token.text;
        return ast;
      case Token::Kind::name:
        return named(std::move(ast));
      case Token::Kind::symbol: {
        if (!is("(")) unexpected();
        ++at_;
        Ast inner = any();
        close(token);
        return inner;
      }
      case Token::Kind::end:
        unexpected();
    }
    unexpected();
  }

  Ast named(Ast ast) {
    const Token token = now();
    if (tokens_[at_ + 1].kind == Token::Kind::symbol && tokens_[at_ + 1].text == "(") return call();
    for (const std::string_view word : {"and", "or", "not", "if"}) {
      if (token.text == word) unexpected();
    }
    ++at_;
    if (token.text == "true" || token.text == "false") {
      ast.kind = Ast::Kind::boolean;
      ast.number = token.text == "true" ? 1 : 0;
    } else if (token.text == "row") {
      ast.kind = Ast::Kind::row;
    } else if (token.text == kHorizon && use_ == Use::target) {
      if (horizon_ == 0)
        throw refusal(token, "`horizon` stands for each of target.horizons, and the target has none",
                      "add `horizons: [1, 5, 20]` to the target; a column of that name stands in backquotes");
      ast.number = static_cast<double>(horizon_);
      ast.text = kHorizon;
    } else {
      ast.kind = Ast::Kind::name;
      ast.text = token.text;
    }
    return ast;
  }

  void close(const Token& open) {
    if (is(")")) {
      ++at_;
      return;
    }
    if (now().kind == Token::Kind::end) throw refusal(open, "the closing `)` is missing", "");
    unexpected();
  }

  Ast call() {
    const Token name = now();
    const Operator* entry = find_function(name.text);
    if (entry == nullptr) throw unknown_function(name);
    at_ += 1;
    const Token open = now();
    ++at_;
    Ast ast;
    ast.kind = Ast::Kind::apply;
    ast.op = entry->op;
    ast.offset = name.offset;
    if (!is(")")) {
      arguments(ast, *entry);
    }
    ast.length = now().offset + now().length - name.offset;
    close(open);
    check_call(ast, *entry, name);
    return ast;
  }
  void arguments(Ast& ast, const Operator& entry) {
    for (;;) {
      if (is_word("min_count") && tokens_[at_ + 1].text == "=" && tokens_[at_ + 1].kind == Token::Kind::symbol) {
        const bool last = ast.arguments.size() + 1 == static_cast<std::size_t>(entry.max_arguments);
        if (entry.family != Family::rolling || entry.op == Op::count || !last) {
          const char* why = entry.op == Op::count ? "count() is never missing and takes no min_count"
                                                  : "min_count belongs at the end of a rolling function";
          throw refusal(now(), why, fmt::format("it is {}", entry.signature));
        }
        at_ += 2;
      }
      ast.arguments.push_back(any());
      if (!is(",")) return;
      ++at_;
    }
  }

  static ExpressionError unknown_function(const Token& name) {
    std::vector<std::string> known;
    for (const Operator& entry : operators()) {
      if (entry.family >= Family::choice) known.emplace_back(entry.name);
    }
    const auto near = text::nearest(name.text, known);
    std::string mend = near ? fmt::format("did you mean {}?", *near) : "functions: " + text::join(known, ", ");
    return refusal(name, fmt::format("there is no function `{}`", name.text), std::move(mend));
  }

  void check_call(const Ast& ast, const Operator& entry, const Token& name) const {
    const int n = static_cast<int>(ast.arguments.size());
    if (n < entry.min_arguments || n > entry.max_arguments) {
      throw ExpressionError(
          fmt::format("{} takes {} argument{}, not {}", entry.name,
                      entry.min_arguments == entry.max_arguments ? std::to_string(entry.min_arguments)
                                                                 : fmt::format("{} to {}", entry.min_arguments, entry.max_arguments),
                      entry.max_arguments == 1 ? "" : "s", n),
          fmt::format("it is {}", entry.signature), ast.offset, ast.length);
    }
    if (entry.op == Op::lead && use_ != Use::target) {
      throw refusal(name, "lead() looks into the future", "it is allowed in target.expr only; lag(x, n) looks back");
    }
    if (entry.family == Family::shift) whole_number(ast.arguments[1], "the number of rows", 0, kLargestWindow, &entry);
    if (entry.op == Op::cs_quantile) whole_number(ast.arguments[1], "the number of groups", 2, kLargestWindow, nullptr);
    if (entry.family == Family::rolling) check_window(ast, entry);
  }
  static void check_window(const Ast& ast, const Operator& entry) {
    auto at = static_cast<std::size_t>(entry.values);
    const Ast& window = ast.arguments[at++];
    whole_number(window, "the window", entry.least, kLargestWindow, nullptr);
    if (entry.op == Op::quantile) check_share(ast.arguments[at++]);
    if (at < ast.arguments.size()) whole_number(ast.arguments[at], "min_count", 1, window.number, nullptr);
  }
  static void check_share(const Ast& ast) {
    if (ast.kind == Ast::Kind::number && ast.number >= 0 && ast.number <= 1) return;
    throw ExpressionError("the quantile must be a number written out, within 0 and 1", "0.5 is the median", ast.offset, ast.length);
  }
  static void whole_number(const Ast& ast, std::string_view what, double low, double high, const Operator* shift) {
    if (ast.kind != Ast::Kind::number || ast.number != std::floor(ast.number)) {
      throw ExpressionError(fmt::format("{} must be a whole number written out", what),
                            says_horizon(ast) ? "`horizon` stands alone there, as in lead(close, horizon)" : "", ast.offset, ast.length);
    }
    if (ast.number >= low && ast.number <= high) return;
    std::string mend;
    if (shift != nullptr && ast.number < 0) {
      mend =
          shift->op == Op::lag ? "a negative lag would look into the future: that is lead(x, n), in target.expr only" : "that is lag(x, n)";
    }
    throw ExpressionError(fmt::format("{} must lie within {:.0f} and {:.0f}, not {}", what, low, high, text::shortest(ast.number)),
                          std::move(mend), ast.offset, ast.length);
  }

  std::vector<Token> tokens_;
  Use use_;
  std::int64_t horizon_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

void collect_names(const Ast& ast, std::vector<std::string>& names) {
  if (ast.kind == Ast::Kind::name && std::find(names.begin(), names.end(), ast.text) == names.end()) names.push_back(ast.text);
  for (const Ast& argument : ast.arguments) collect_names(argument, names);
}

}  // namespace

Ast parse_expression(std::string_view text, Use use, std::int64_t horizon) {
  if (text.size() > kLongest) {
    throw ExpressionError(fmt::format("an expression may have at most {} bytes, this one has {}", kLongest, text.size()),
                          "name parts of it as features of their own", 0, 1);
  }
  if (const auto bad = text::first_invalid_utf8(text)) {
    throw ExpressionError("the expression is not valid UTF-8", "", static_cast<std::int64_t>(text::utf8_length(text.substr(0, *bad))), 1);
  }
  Ast whole = Parser(Lexer(text).all(), use, horizon).whole();
  if (horizon > 0 && !says_horizon(whole))
    throw ExpressionError("the target has `horizons`, and its expression is the same for each of them",
                          "say where they go, as in lead(close, horizon) / close - 1, or remove `horizons`", whole.offset, whole.length);
  return whole;
}

bool says_horizon(const Ast& ast) {
  if (ast.kind == Ast::Kind::number) return ast.text == kHorizon;
  return std::any_of(ast.arguments.begin(), ast.arguments.end(), says_horizon);
}

std::vector<std::string> names_in(const Ast& ast) {
  std::vector<std::string> names;
  collect_names(ast, names);
  return names;
}

}  // namespace assay::pipeline
