// Blocks, branches and calls.
#include <fmt/format.h>

#include "wasm/validate/code_validator.hpp"

namespace wasmctl::wasm {

namespace {

// V8's bound (v8:src/wasm/wasm-limits.h).
constexpr std::uint32_t kMaxLabels = 65'520;

}  // namespace

bool CodeValidator::control_instruction() {
  switch (opcode_) {
    case opcode::kUnreachable:
      set_unreachable();
      return true;
    case opcode::kNop:
      return true;
    case opcode::kBlock:
      begin_block(Kind::block);
      return true;
    case opcode::kLoop:
      begin_block(Kind::loop);
      return true;
    case opcode::kIf:
      pop(ValueType::i32);
      begin_block(Kind::if_block);
      return true;
    case opcode::kElse:
      else_branch();
      return true;
    case opcode::kEnd:
      end_block();
      return true;
    case opcode::kBr: {
      auto& frame = label();
      pop(label_types(frame));
      note_branch(frame);
      set_unreachable();
      return true;
    }
    case opcode::kBrIf: {
      auto& frame = label();
      pop(ValueType::i32);
      pop(label_types(frame));
      push(label_types(frame));
      note_branch(frame);
      return true;
    }
    case opcode::kBrTable:
      branch_table();
      return true;
    case opcode::kReturn:
      pop(results(frames_.front().type));
      set_unreachable();
      return true;
    case opcode::kCall:
      call(*module_.function_type(index("function", module_.function_count())));
      return true;
    case opcode::kReturnCall:
      return_call(*module_.function_type(index("function", module_.function_count())));
      return true;
    case opcode::kCallIndirect:
    case opcode::kReturnCallIndirect:
      indirect_call();
      return true;
    case opcode::kDrop:
      pop_any();
      return true;
    case opcode::kSelect:
      select();
      return true;
    case opcode::kSelectTyped:
      select_typed();
      return true;
    case opcode::kLocalGet:
    case opcode::kLocalSet:
    case opcode::kLocalTee:
      local(opcode_);
      return true;
    case opcode::kGlobalGet:
    case opcode::kGlobalSet:
      global();
      return true;
    default:
      return false;
  }
}

CodeValidator::BlockType CodeValidator::block_type() {
  const auto code = code_.block_type();
  if (!code.index) return {nullptr, code.result};
  const auto index = *code.index;
  if (index < 0 || static_cast<std::size_t>(index) >= module_.types.size()) {
    fail(fmt::format("type {} does not exist; there are {}", index, module_.types.size()));
  }
  const auto& type = module_.types[static_cast<std::size_t>(index)];
  if (type.form != TypeForm::function) {
    fail(fmt::format("type {} is a {} type, not a function type", index, to_string(type.form)));
  }
  return {&type.function, {}};
}

std::span<const ValueType> CodeValidator::parameters(const BlockType& type) {
  if (type.function == nullptr) return {};
  return type.function->parameters;
}

std::span<const ValueType> CodeValidator::results(const BlockType& type) {
  if (type.function != nullptr) return type.function->results;
  return {&type.result, type.result.is_unknown() ? 0U : 1U};
}

std::span<const ValueType> CodeValidator::label_types(const Frame& frame) {
  return frame.kind == Kind::loop ? parameters(frame.type) : results(frame.type);
}

CodeValidator::Frame& CodeValidator::label() {
  return frame_of(code_.index());
}

CodeValidator::Frame& CodeValidator::frame_of(std::uint32_t depth) {
  if (depth >= frames_.size()) {
    fail(fmt::format("label {} does not exist; there are {}", depth, frames_.size()));
  }
  return frames_[frames_.size() - 1 - depth];
}

void CodeValidator::push_frame(Kind kind, const BlockType& type) {
  Frame frame;
  frame.type = type;
  frame.kind = kind;
  frame.height = static_cast<std::uint32_t>(operands_.size());
  frame.set_height = static_cast<std::uint32_t>(set_locals_.size());
  frame.begin = here();
  frame.handlers = static_cast<std::uint32_t>(open_handlers_.size());
  if (table_ != nullptr) frame.entry = next_entry();
  if (!frames_.empty()) frame.caught = frames_.back().caught;
  height_ = frame.height;
  frames_.push_back(frame);
  push(parameters(type));
}

void CodeValidator::begin_block(Kind kind) {
  const auto type = block_type();
  pop(parameters(type));
  if (kind == Kind::if_block && table_ != nullptr) {
    table_->branches.emplace_back();
    push_frame(kind, type);
    frames_.back().else_entry = next_entry() - 1;
  } else {
    push_frame(kind, type);
  }
}

void CodeValidator::finish_frame() {
  const auto& frame = frames_.back();
  pop(results(frame.type));
  if (operands_.size() != frame.height) {
    fail(fmt::format("expected ({}) at the end of the block, found {} too many",
                     to_string(results(frame.type)), operands_.size() - frame.height));
  }
  while (set_locals_.size() > frame.set_height) {
    is_set_[set_locals_.back()] = false;
    set_locals_.pop_back();
  }
}

void CodeValidator::restart_frame(Kind kind) {
  auto& frame = frames_.back();
  frame.kind = kind;
  frame.unreachable = false;
}

void CodeValidator::end_block() {
  auto& frame = frames_.back();
  if (frame.kind == Kind::if_block) {
    check_match(parameters(frame.type), results(frame.type));
  }
  finish_frame();
  if (table_ != nullptr) {
    // The function's own end is the return; behind any other nothing is left to do for it.
    const auto target = frame.kind == Kind::function ? static_cast<std::uint32_t>(at_) : here();
    if (frame.else_entry != kNoEntry) resolve(frame.else_entry, target);
    resolve_pending(frame, target);
    close_handlers(frame);
  }
  const auto type = frame.type;
  frames_.pop_back();
  height_ = frames_.empty() ? 0 : frames_.back().height;
  push(results(type));
}

void CodeValidator::else_branch() {
  auto& frame = frames_.back();
  if (frame.kind != Kind::if_block) fail("there is no `if` for it");
  finish_frame();
  restart_frame(Kind::else_block);
  if (table_ != nullptr) {
    note_branch(frame);
    resolve(frame.else_entry, here());
    frame.else_entry = kNoEntry;
  }
  push(parameters(frame.type));
}

void CodeValidator::branch_table() {
  pop(ValueType::i32);
  const auto count = code_.count("labels");
  if (count > kMaxLabels) fail(fmt::format("{} labels are too many", count));
  std::size_t values = 0;
  const Frame* before = nullptr;
  for (std::uint32_t i = 0; i <= count; ++i) {
    auto& frame = label();
    const auto types = label_types(frame);
    if (i > 0 && types.size() != values) {
      fail(fmt::format("a label takes {} values, another one {}", values, types.size()));
    }
    values = types.size();
    if (&frame != before) peek(types);
    before = &frame;
    note_branch(frame);
  }
  set_unreachable();
}

void CodeValidator::note_branch(Frame& frame) {
  if (table_ == nullptr) return;
  Branch branch;
  branch.values = static_cast<std::uint32_t>(label_types(frame).size());
  branch.height = frame.height;
  if (frame.kind == Kind::loop) {
    branch.target = frame.begin;
    branch.entry = frame.entry;
  } else {
    // Until the end is known, the target is the entry that waits for the same end.
    branch.target = frame.pending;
    frame.pending = next_entry();
  }
  table_->branches.push_back(branch);
}

void CodeValidator::resolve(std::uint32_t entry, std::uint32_t target) {
  table_->branches[entry].target = target;
  table_->branches[entry].entry = next_entry();
}

void CodeValidator::resolve_pending(const Frame& frame, std::uint32_t target) {
  for (auto entry = frame.pending; entry != kNoEntry;) {
    const auto next = table_->branches[entry].target;
    resolve(entry, target);
    entry = next;
  }
}

}  // namespace wasmctl::wasm
