#include "explain/document.hpp"

#include <utility>

namespace wasmctl::explain {

namespace {

constexpr std::size_t kMaxDepth = 256;  // Envoy's dumps have about 40

void walk_under(std::string_view key, const yaml::Node& node, DocumentSink& sink) {
  if (node.kind == yaml::Kind::scalar) return sink.value(key, node.text, node.start.line);
  sink.enter(key);
  for (const auto& item : node.items) walk_under({}, item, sink);
  for (const auto& [name, value] : node.entries) walk_under(name.text, value, sink);
  sink.leave();
}

}  // namespace

void walk(const yaml::Node& root, DocumentSink& sink) {
  walk_under({}, root, sink);
}

void JsonWalker::append(std::string_view bytes) {
  if (text_.size() + bytes.size() <= kMaxValueBytes) text_ += bytes;
}

void JsonWalker::append_point(std::uint32_t point) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  std::string bytes;
  if (point < 0x80) {
    bytes = {byte(point)};
  } else if (point < 0x800) {
    bytes = {byte(0xc0 | point >> 6U), byte(0x80 | (point & 0x3fU))};
  } else if (point < 0x10000) {
    bytes = {byte(0xe0 | point >> 12U), byte(0x80 | (point >> 6U & 0x3fU)),
             byte(0x80 | (point & 0x3fU))};
  } else {
    bytes = {byte(0xf0 | point >> 18U), byte(0x80 | (point >> 12U & 0x3fU)),
             byte(0x80 | (point >> 6U & 0x3fU)), byte(0x80 | (point & 0x3fU))};
  }
  append(bytes);
}

void JsonWalker::open(char kind) {
  if (open_.size() == kMaxDepth) {
    ++too_deep_;
    return;
  }
  sink_->enter(std::exchange(key_, {}));
  open_ += kind;
  key_is_next_ = kind == '{';
}

void JsonWalker::close() {
  if (too_deep_ > 0) {
    --too_deep_;
    return;
  }
  key_.clear();
  key_is_next_ = false;
  if (open_.empty()) return;
  open_.pop_back();
  sink_->leave();
}

void JsonWalker::end_string() {
  state_ = State::between;
  if (std::exchange(key_is_next_, false)) {
    key_ = std::exchange(text_, {});
    return;
  }
  if (too_deep_ == 0) sink_->value(key_, text_, string_line_);
  text_.clear();
  key_.clear();
}

void JsonWalker::end_bare() {
  state_ = State::between;
  if (too_deep_ == 0) sink_->value(key_, text_, string_line_);
  text_.clear();
  key_.clear();
}

void JsonWalker::structural(char c) {
  switch (c) {
    case '"':
      state_ = State::string;
      string_line_ = line_;
      return;
    case '{':
    case '[':
      return open(c);
    case '}':
    case ']':
      return close();
    case ',':
      key_is_next_ = !open_.empty() && open_.back() == '{';
      return;
    case ':':
    case ' ':
    case '\t':
    case '\r':
    case '\n':
      return;
    default:
      state_ = State::bare;
      string_line_ = line_;
      append({&c, 1});
  }
}

void JsonWalker::escaped(char c) {
  state_ = State::string;
  switch (c) {
    case 'n':
      return append("\n");
    case 't':
      return append("\t");
    case 'r':
      return append("\r");
    case 'b':
    case 'f':
      return append(" ");
    case 'u':
      state_ = State::unicode;
      point_ = 0;
      digits_ = 0;
      return;
    default:
      append({&c, 1});
  }
}

void JsonWalker::hex_digit(char c) {
  const auto digit = c >= '0' && c <= '9'   ? c - '0'
                     : c >= 'a' && c <= 'f' ? c - 'a' + 10
                     : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                            : 0;
  point_ = point_ << 4U | static_cast<std::uint32_t>(digit);
  if (++digits_ < 4) return;
  state_ = State::string;
  if (point_ >= 0xd800 && point_ < 0xdc00) {
    surrogate_ = point_;
  } else if (point_ >= 0xdc00 && point_ < 0xe000) {
    const auto high = std::exchange(surrogate_, 0);
    append_point(high == 0 ? 0xfffd : 0x10000 + ((high - 0xd800) << 10U) + (point_ - 0xdc00));
  } else {
    append_point(point_);
  }
}

void JsonWalker::in_string(char c) {
  if (c == '"') return end_string();
  if (c == '\\') {
    state_ = State::escape;
    return;
  }
  append({&c, 1});
}

void JsonWalker::write(std::string_view piece) {
  for (const char c : piece) {
    if (c == '\n') ++line_;
    switch (state_) {
      case State::between:
        structural(c);
        break;
      case State::string:
        in_string(c);
        break;
      case State::escape:
        escaped(c);
        break;
      case State::unicode:
        hex_digit(c);
        break;
      case State::bare:
        if (std::string_view(",:]} \t\r\n").find(c) == std::string_view::npos) {
          append({&c, 1});
        } else {
          end_bare();
          structural(c);
        }
    }
  }
}

void JsonWalker::finish() {
  if (state_ == State::bare) end_bare();
  while (!open_.empty()) {
    too_deep_ = 0;
    close();
  }
}

}  // namespace wasmctl::explain
