#include "yaml/read.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <map>
#include <unordered_set>

namespace wasmctl::yaml {

// libyaml counts code points; the text is wanted in bytes. Marks come nearly in order, so a walk
// from the last one is short.
class Offsets {
 public:
  explicit Offsets(std::string_view text) : text_(text) {}

  std::uint32_t at(std::size_t index) {
    while (index_ < index && offset_ < text_.size()) {
      ++offset_;
      while (offset_ < text_.size() && is_continuation(text_[offset_])) ++offset_;
      ++index_;
    }
    while (index_ > index && offset_ > 0) {
      --offset_;
      while (offset_ > 0 && is_continuation(text_[offset_])) --offset_;
      --index_;
    }
    return static_cast<std::uint32_t>(offset_);
  }

 private:
  static bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

  std::string_view text_;
  std::size_t index_ = 0;
  std::size_t offset_ = 0;
};

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The event that libyaml allocated, freed when the scope ends.
struct Event : yaml_event_t {
  Event() : yaml_event_t{} {}
  ~Event() { yaml_event_delete(this); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
};

std::string to_string(const yaml_char_t* text) {
  return text == nullptr ? std::string() : reinterpret_cast<const char*>(text);
}

Style to_style(yaml_scalar_style_t style) {
  switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
      return Style::single_quoted;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
      return Style::double_quoted;
    case YAML_LITERAL_SCALAR_STYLE:
      return Style::literal;
    case YAML_FOLDED_SCALAR_STYLE:
      return Style::folded;
    default:
      return Style::plain;
  }
}

// In bytes of text plus nodes, as kMaxAliasWeight counts.
std::size_t weight(const Node& node) {
  std::size_t sum = 1 + node.text.size();
  for (const auto& item : node.items) sum += weight(item);
  for (const auto& entry : node.entries) sum += weight(entry.key) + weight(entry.value);
  return sum;
}

}  // namespace

struct Reader::State {
  State(std::string_view input, std::string file) : name(std::move(file)) {
    if (input.size() > kMaxTextBytes) {
      throw Error(Code::bad_input, fmt::format("{} has more than {} bytes", name, kMaxTextBytes));
    }
    // Left in, libyaml takes the mark for content once the encoding is set.
    if (input.starts_with(kByteOrderMark)) skipped = kByteOrderMark.size();
    text = input.substr(skipped);
    offsets = Offsets(text);
    if (yaml_parser_initialize(&parser) == 0) throw std::bad_alloc();
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  ~State() { yaml_parser_delete(&parser); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Mark mark(const yaml_mark_t& place) {
    return {static_cast<std::uint32_t>(place.line + 1),
            static_cast<std::uint32_t>(place.column + 1),
            static_cast<std::uint32_t>(offsets.at(place.index) + skipped)};
  }

  void read(Event& event) {
    if (yaml_parser_parse(&parser, &event) == 0) throw syntax_error();
  }

  Error syntax_error() {
    if (parser.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
    if (parser.error == YAML_READER_ERROR) {  // a place in bytes, before anything was scanned
      const auto before = text.substr(0, std::min(parser.problem_offset, text.size()));
      Mark at;
      at.line += static_cast<std::uint32_t>(std::ranges::count(before, '\n'));
      at.column += static_cast<std::uint32_t>(before.size() - (before.rfind('\n') + 1));
      return error_at(name, at, fmt::format("not UTF-8 text ({})", parser.problem));
    }
    const auto at = mark(parser.problem_mark);
    std::string message = parser.problem;
    if (parser.context != nullptr) {
      message +=
          fmt::format(", {} that starts at line {}", parser.context, parser.context_mark.line + 1);
    }
    auto error = error_at(name, at, message);
    if (at.offset < text.size() + skipped && text[at.offset - skipped] == '\t') {
      error.hint("YAML takes no tab for indentation: use blanks");
    }
    return error;
  }

  Node read_node(const Event& event, int depth) {
    if (depth > kMaxDepth) {
      throw error_at(name, mark(event.start_mark),
                     fmt::format("nested more than {} levels deep", kMaxDepth));
    }
    Node node;
    node.start = mark(event.start_mark);
    node.end = mark(event.end_mark);
    switch (event.type) {
      case YAML_ALIAS_EVENT:
        return copy_anchored(to_string(event.data.alias.anchor), node);
      case YAML_SCALAR_EVENT:
        read_scalar(event, node);
        break;
      case YAML_SEQUENCE_START_EVENT:
        read_sequence(event, node, depth);
        break;
      case YAML_MAPPING_START_EVENT:
        read_mapping(event, node, depth);
        break;
      default:
        throw Error(Code::internal, "libyaml sent an event out of place");
    }
    return node;
  }

  void read_scalar(const Event& event, Node& node) {
    const auto& scalar = event.data.scalar;
    node.kind = Kind::scalar;
    node.style = to_style(scalar.style);
    node.tag = to_string(scalar.tag);
    node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
    remember(scalar.anchor, node);
  }

  void read_sequence(const Event& event, Node& node, int depth) {
    const auto& sequence = event.data.sequence_start;
    node.kind = Kind::sequence;
    node.style = sequence.style == YAML_FLOW_SEQUENCE_STYLE ? Style::flow : Style::block;
    node.tag = to_string(sequence.tag);
    while (true) {
      Event item;
      read(item);
      if (item.type == YAML_SEQUENCE_END_EVENT) {
        node.end = mark(item.end_mark);
        break;
      }
      node.items.push_back(read_node(item, depth + 1));
    }
    remember(sequence.anchor, node);
  }

  void read_mapping(const Event& event, Node& node, int depth) {
    const auto& mapping = event.data.mapping_start;
    node.kind = Kind::mapping;
    node.style = mapping.style == YAML_FLOW_MAPPING_STYLE ? Style::flow : Style::block;
    node.tag = to_string(mapping.tag);
    std::unordered_set<std::string> seen;
    while (true) {
      Event key_event;
      read(key_event);
      if (key_event.type == YAML_MAPPING_END_EVENT) {
        node.end = mark(key_event.end_mark);
        break;
      }
      Entry entry;
      entry.key = read_node(key_event, depth + 1);
      if (entry.key.kind != Kind::scalar) {
        throw error_at(name, entry.key.start, fmt::format("{} as a key", describe(entry.key)));
      }
      if (!seen.insert(entry.key.text).second) {
        throw error_at(name, entry.key.start, fmt::format("key `{}` is set twice", entry.key.text));
      }
      Event value_event;
      read(value_event);
      entry.value = read_node(value_event, depth + 1);
      node.entries.push_back(std::move(entry));
    }
    remember(mapping.anchor, node);
  }

  void spend(std::size_t amount, const Mark& at) {
    alias_weight += amount;
    if (alias_weight > kMaxAliasWeight) {
      throw error_at(name, at, "the aliases of this document expand beyond all measure");
    }
  }

  void remember(const yaml_char_t* anchor, const Node& node) {
    if (anchor == nullptr) return;
    spend(weight(node), node.start);
    anchors[to_string(anchor)] = node;
  }

  Node copy_anchored(const std::string& anchor, const Node& place) {
    const auto found = anchors.find(anchor);
    if (found == anchors.end()) {
      throw error_at(name, place.start, fmt::format("alias `*{}` has no anchor before it", anchor));
    }
    spend(weight(found->second), place.start);
    Node copy = found->second;
    copy.alias = true;
    copy.start = place.start;
    copy.end = place.end;
    return copy;
  }

  std::string name;
  std::string_view text;
  std::size_t skipped = 0;  // bytes of a byte order mark before `text`
  Offsets offsets{{}};
  yaml_parser_t parser{};
  bool ended = false;
  std::map<std::string, Node> anchors;  // of this document
  std::size_t alias_weight = 0;
};

Reader::Reader(std::string_view text, std::string name)
    : state_(std::make_unique<State>(text, std::move(name))) {}
Reader::~Reader() = default;

std::optional<Document> Reader::next() {
  auto& state = *state_;
  if (state.ended) return std::nullopt;
  state.anchors.clear();
  state.alias_weight = 0;
  while (true) {
    Event event;
    state.read(event);
    if (event.type == YAML_STREAM_END_EVENT) {
      state.ended = true;
      return std::nullopt;
    }
    if (event.type != YAML_DOCUMENT_START_EVENT) continue;
    Document document;
    document.start = state.mark(event.start_mark);
    Event root;
    state.read(root);
    document.root = state.read_node(root, 1);
    Event end;
    state.read(end);
    document.end = state.mark(end.end_mark);
    return document;
  }
}

std::vector<Document> read_all(std::string_view text, const std::string& name) {
  std::vector<Document> documents;
  Reader reader(text, name);
  while (auto document = reader.next()) documents.push_back(std::move(*document));
  return documents;
}

Document read_one(std::string_view text, const std::string& name) {
  Reader reader(text, name);
  auto document = reader.next();
  if (!document) return {};
  if (const auto second = reader.next()) {
    throw error_at(name, second->start, "a second document; one is expected");
  }
  return std::move(*document);
}

}  // namespace wasmctl::yaml
