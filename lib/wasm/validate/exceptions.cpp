// Exceptions: try_table, and the legacy try with its catch, catch_all and delegate.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "wasm/validate/code_validator.hpp"

namespace wasmctl::wasm {

bool CodeValidator::exception_instruction() {
  switch (opcode_) {
    case opcode::kThrow:
      pop(tag_type().parameters);
      set_unreachable();
      return true;
    case opcode::kThrowRef:
      pop(ValueType::exnref);
      set_unreachable();
      return true;
    case opcode::kTryTable:
      try_table();
      return true;
    case opcode::kTry:
      begin_block(Kind::try_block);
      return true;
    case opcode::kCatch:
    case opcode::kCatchAll:
      legacy_catch();
      return true;
    case opcode::kDelegate:
      delegate();
      return true;
    case opcode::kRethrow:
      rethrow();
      return true;
    default:
      return false;
  }
}

const FunctionType& CodeValidator::tag_type() {
  return module_.types[module_.tags[index("tag", module_.tags.size())]].function;
}

// Labels of clauses are counted from outside of the block. The block's own branch comes first: who
// runs the code goes by it from the block's first byte to its first instruction.
void CodeValidator::try_table() {
  const auto type = block_type();
  pop(parameters(type));
  if (table_ != nullptr) table_->branches.emplace_back();
  const auto own = table_ == nullptr ? 0 : next_entry() - 1;
  const auto first_handler = static_cast<std::uint32_t>(open_handlers_.size());
  const auto clauses = code_.count("clauses of a try_table");
  for (std::uint32_t i = 0; i < clauses; ++i) catch_clause();
  push_frame(Kind::try_table, type);
  frames_.back().handlers = first_handler;
  if (table_ != nullptr) resolve(own, here());
}

void CodeValidator::catch_clause() {
  const auto clause = code_.catch_clause();
  Handler handler;
  handler.slot = Handler::kNoSlot;
  std::vector<ValueType> values;
  if (clause.has_tag) {
    check_index("tag", clause.tag, module_.tags.size());
    handler.kind = clause.has_reference ? HandlerKind::tag_ref : HandlerKind::tag;
    handler.tag = clause.tag;
    values = module_.types[module_.tags[handler.tag]].function.parameters;
  } else {
    handler.kind = clause.has_reference ? HandlerKind::all_ref : HandlerKind::all;
  }
  if (clause.has_reference) values.push_back(ValueType::ref(HeapType::exn));
  auto& frame = frame_of(clause.label);
  check_match(values, label_types(frame));
  if (table_ == nullptr) return;
  handler.branch = next_entry();
  note_branch(frame);
  open_handlers_.push_back(handler);
}

void CodeValidator::legacy_catch() {
  auto& frame = frames_.back();
  if (frame.kind != Kind::try_block && frame.kind != Kind::catch_block) {
    fail("there is no `try` for it");
  }
  const bool is_first = frame.kind == Kind::try_block;
  finish_frame();
  if (is_first) frame.end_of_try = static_cast<std::uint32_t>(at_);
  if (is_first) ++frame.caught;
  note_branch(frame);
  if (opcode_ == opcode::kCatchAll) {
    restart_frame(Kind::catch_all_block);
    note_legacy_handler(frame, HandlerKind::all, 0);
  } else {
    const auto tag = index("tag", module_.tags.size());
    restart_frame(Kind::catch_block);
    push(module_.types[module_.tags[tag]].function.parameters);
    note_legacy_handler(frame, HandlerKind::tag, tag);
  }
}

// The handler's branch is no branch of an instruction: the entries that are follow it.
void CodeValidator::note_legacy_handler(const Frame& frame, HandlerKind kind, std::uint32_t tag) {
  if (table_ == nullptr) return;
  Handler handler;
  handler.kind = kind;
  handler.tag = tag;
  handler.branch = next_entry();
  handler.slot = frame.caught - 1;
  table_->branches.push_back({here(), next_entry() + 1, 0, frame.height});
  table_->caught_slots = std::max(table_->caught_slots, frame.caught);
  open_handlers_.push_back(handler);
}

// Ends its try, as `end` would.
void CodeValidator::delegate() {
  if (frames_.back().kind != Kind::try_block) fail("there is no `try` without a catch for it");
  const auto depth = code_.index();
  if (depth + std::size_t{1} >= frames_.size()) {
    fail(fmt::format("label {} does not exist; there are {}", depth, frames_.size() - 1));
  }
  if (table_ != nullptr) {
    const auto& target = frames_[frames_.size() - 2 - depth];
    Handler handler;
    handler.kind = HandlerKind::delegate;
    handler.slot = Handler::kNoSlot;
    // In a catch, its try no longer catches; at the function's level nothing does.
    const bool is_catch = target.end_of_try != 0;
    handler.branch = target.kind == Kind::function ? 0
                     : is_catch                    ? target.end_of_try
                                                   : target.begin;
    open_handlers_.push_back(handler);
  }
  end_block();
}

void CodeValidator::rethrow() {
  const auto& frame = label();
  if (frame.kind != Kind::catch_block && frame.kind != Kind::catch_all_block) {
    fail("its label is not of a catch");
  }
  if (table_ != nullptr) table_->branches.push_back({0, 0, frame.caught - 1, 0});
  set_unreachable();
}

// Of a block that ends at this instruction.
void CodeValidator::close_handlers(const Frame& frame) {
  if (open_handlers_.size() == frame.handlers) return;
  for (auto i = std::size_t{frame.handlers}; i < open_handlers_.size(); ++i) {
    auto& handler = open_handlers_[i];
    handler.begin = frame.begin;
    handler.end = frame.end_of_try != 0 ? frame.end_of_try : static_cast<std::uint32_t>(at_);
    table_->handlers.push_back(handler);
  }
  open_handlers_.resize(frame.handlers);
}

}  // namespace wasmctl::wasm
