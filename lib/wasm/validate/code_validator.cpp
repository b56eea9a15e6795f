#include "wasm/validate/code_validator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace wasmctl::wasm {

namespace {

// V8 refuses what is beyond these (v8:src/wasm/wasm-limits.h).
constexpr std::size_t kMaxBodyBytes = 7'654'321;
constexpr std::uint32_t kMaxLocals = 50'000;

// So many locals are looked up by index, the rest by search: a function of a few bytes may declare
// thousands.
constexpr std::uint32_t kFirstLocals = 64;

}  // namespace

CodeValidator::CodeValidator(const Module& module, const std::vector<bool>& declared)
    : module_(module), bytes_(module.bytes.view()), declared_(declared), code_(Reader(bytes_)) {}

void CodeValidator::fail(std::string_view message) const {
  Reader(bytes_.substr(at_), at_).fail(fmt::format("{}: {}", name_of(opcode_), message));
}

void CodeValidator::reset(std::size_t offset, std::size_t size, ControlTable* table) {
  features_.add(code_.features());
  code_ = CodeReader(Reader(bytes_.substr(offset, size), offset),
                     static_cast<std::uint32_t>(module_.types.size()));
  at_ = offset;
  table_ = table;
  operands_.clear();
  frames_.clear();
  first_locals_.clear();
  locals_.clear();
  local_count_ = 0;
  is_set_.clear();
  set_locals_.clear();
  open_handlers_.clear();
  most_operands_ = 0;
  has_vectors_ = false;
}

void CodeValidator::check_body(std::size_t body, ControlTable* table) {
  const auto& [offset, size] = module_.bodies[body];
  reset(offset, size, table);
  is_constant_ = false;
  globals_ = module_.globals.size();
  if (size > kMaxBodyBytes) code_.reader().fail(fmt::format("{} bytes of code are too many", size));
  const auto& type = module_.types[module_.functions[body]].function;
  read_locals(type);
  push_frame(Kind::function, {&type, {}});
  // Parameters are locals here, not operands.
  operands_.clear();
  frames_.back().height = 0;
  height_ = 0;
  const auto code = here();
  run();
  if (const auto& rest = code_.reader(); !rest.empty()) {
    rest.fail(fmt::format("{} bytes follow the end of a function", rest.remaining()));
  }
  if (table_ == nullptr) return;
  table_->code = code;
  table_->locals = local_count_;
  table_->operands = static_cast<std::uint32_t>(most_operands_);
  table_->has_vectors = has_vectors_;
}

void CodeValidator::check_constant(std::size_t offset, ValueType type, std::size_t globals,
                                   std::vector<bool>& functions) {
  reset(offset, bytes_.size() - offset, nullptr);
  is_constant_ = true;
  globals_ = globals;
  named_functions_ = &functions;
  push_frame(Kind::function, {nullptr, type});
  run();
}

void CodeValidator::read_locals(const FunctionType& type) {
  const auto add = [&](std::uint32_t count, ValueType local) {
    local_count_ += count;
    locals_.push_back({local_count_, local});
    const auto first = std::min(local_count_, kFirstLocals);
    if (first > first_locals_.size()) first_locals_.resize(first, local);
  };
  for (const auto parameter : type.parameters) add(1, parameter);
  const auto parameters = local_count_;
  bool all_have_defaults = true;
  const auto groups = code_.count("groups of local variables");
  for (std::uint32_t i = 0; i < groups; ++i) {
    const auto count = code_.index();
    if (count > kMaxLocals - std::min(local_count_, kMaxLocals)) {
      code_.reader().fail(
          fmt::format("{} local variables are too many", std::uint64_t{local_count_} + count));
    }
    const auto local = code_.value_type();
    all_have_defaults = all_have_defaults && local.has_default();
    add(count, local);
  }
  if (all_have_defaults) return;
  is_set_.resize(local_count_);
  for (std::uint32_t i = 0; i < local_count_; ++i) {
    is_set_[i] = i < parameters || type_of_local(i).has_default();
  }
}

ValueType CodeValidator::type_of_local(std::uint32_t index) const {
  if (index < first_locals_.size()) return first_locals_[index];
  if (index >= local_count_) {
    fail(fmt::format("local {} does not exist; there are {}", index, local_count_));
  }
  const auto run =
      std::upper_bound(locals_.begin(), locals_.end(), index,
                       [](std::uint32_t wanted, const Run& item) { return wanted < item.end; });
  return run->type;
}

void CodeValidator::run() {
  while (!frames_.empty()) {
    at_ = code_.reader().offset();
    const auto& row = code_.opcode(opcode_);
    if (is_constant_ && !row.is_constant) fail("is not allowed in a constant expression");
    if (row.has_signature) {
      simple(row);
    } else {
      special();
    }
  }
}

// What has a signature takes and leaves the same types wherever it is.
void CodeValidator::simple(const Opcode& row) {
  auto address = ValueType::i32;
  if (row.immediates == Immediates::memory_argument || row.immediates == Immediates::memory_lane) {
    address = memory_argument(row);
  } else if (row.immediates != Immediates::none) {
    immediates(row);
  }
  const auto type = [&](std::uint8_t code) {
    return code == Signature::kAddress ? address : ValueType::number(code);
  };
  const auto& [parameters, results] = row.signature;
  if (parameters[0] != 0) {
    if (parameters[1] != 0) {
      if (parameters[2] != 0) {
        if (parameters[3] != 0) pop(type(parameters[3]));
        pop(type(parameters[2]));
      }
      pop(type(parameters[1]));
    }
    pop(type(parameters[0]));
  }
  if (results[0] != 0) push(ValueType::number(results[0]));
  if (results[1] != 0) push(ValueType::number(results[1]));
  if (row.immediates == Immediates::memory_lane) immediates(row);
}

void CodeValidator::immediates(const Opcode& row) {
  switch (row.immediates) {
    case Immediates::i32:
    case Immediates::i64:
    case Immediates::f32:
    case Immediates::f64:
    case Immediates::v128:
      return code_.constant(row.immediates);
    case Immediates::lanes:
      for (int i = 0; i < 16; ++i) check_lane(32);
      return;
    case Immediates::lane:
      return check_lane(row.width);
    case Immediates::memory_lane:
      return check_lane(16U >> row.width);
    case Immediates::zero:
      if (code_.byte() != 0) fail("a byte after it is not 0");
      return;
    default:
      return;
  }
}

void CodeValidator::check_lane(std::size_t count) {
  if (const auto lane = code_.byte(); lane >= count)
    fail(fmt::format("lane {} of {}", lane, count));
}

void CodeValidator::special() {
  if (opcode_ <= opcode::kBrOnNonNull && control_instruction()) return;
  if (exception_instruction() || storage_instruction() || reference_instruction() ||
      aggregate_instruction()) {
    return;
  }
  fail("is not known to the validator");
}

void CodeValidator::check_match(ValueType found, ValueType expected) const {
  if (found == expected || matches(module_.types, found, expected)) return;
  fail(fmt::format("expected {}, found {}", to_string(expected), to_string(found)));
}

void CodeValidator::check_match(std::span<const ValueType> found,
                                std::span<const ValueType> expected) const {
  bool fits = found.size() == expected.size();
  for (std::size_t i = 0; fits && i < found.size(); ++i) {
    fits = matches(module_.types, found[i], expected[i]);
  }
  if (!fits) fail(fmt::format("expected ({}), found ({})", to_string(expected), to_string(found)));
}

void CodeValidator::pop_other(ValueType expected) {
  if (operands_.size() > height_) {
    check_match(operands_.back(), expected);
    operands_.pop_back();
  } else if (!frames_.back().unreachable) {
    fail(fmt::format("expected {}, found nothing", to_string(expected)));
  }
}

ValueType CodeValidator::pop_any() {
  if (operands_.size() == height_) {
    if (!frames_.back().unreachable) fail("expected a value, found nothing");
    return {};
  }
  const auto type = operands_.back();
  operands_.pop_back();
  return type;
}

ValueType CodeValidator::pop_reference() {
  const auto type = pop_any();
  if (type.is_unknown()) return ValueType::ref(HeapType::bottom);
  if (!type.is_reference()) fail(fmt::format("expected a reference, found {}", to_string(type)));
  return type;
}

void CodeValidator::peek(std::span<const ValueType> types) const {
  const auto available = operands_.size() - height_;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto from_top = types.size() - i;
    if (from_top <= available) {
      check_match(operands_[operands_.size() - from_top], types[i]);
    } else if (!frames_.back().unreachable) {
      fail(fmt::format("expected ({}), found {} values", to_string(types), available));
    }
  }
}

void CodeValidator::set_unreachable() {
  operands_.resize(height_);
  frames_.back().unreachable = true;
}

void CodeValidator::select() {
  pop(ValueType::i32);
  const auto second = pop_any();
  const auto first = pop_any();
  if (first.is_reference() || second.is_reference()) {
    fail("expected numbers, found a reference; with a type it would select those");
  }
  if (first != second && !first.is_unknown() && !second.is_unknown()) {
    fail(fmt::format("expected {}, found {}", to_string(first), to_string(second)));
  }
  push(first.is_unknown() ? second : first);
}

void CodeValidator::select_typed() {
  if (const auto count = code_.index(); count != 1) {
    fail(fmt::format("expected one type, found {}", count));
  }
  const auto type = code_.value_type();
  pop(ValueType::i32);
  pop(type);
  pop(type);
  push(type);
}

std::uint32_t CodeValidator::index(std::string_view what, std::size_t count) {
  const auto index = code_.index();
  check_index(what, index, count);
  return index;
}

void CodeValidator::check_index(std::string_view what, std::uint32_t index,
                                std::size_t count) const {
  if (index < count) return;
  fail(fmt::format("{} {} does not exist; there are {}", what, index, count));
}

void CodeValidator::local(std::uint32_t opcode) {
  const auto index = code_.index();
  const auto type = type_of_local(index);
  if (opcode == opcode::kLocalGet) {
    if (!is_set_.empty() && !is_set_[index]) fail(fmt::format("local {} was not set", index));
    push(type);
    return;
  }
  pop(type);
  if (opcode == opcode::kLocalTee) push(type);
  if (is_set_.empty() || is_set_[index]) return;
  is_set_[index] = true;
  set_locals_.push_back(index);
}

void CodeValidator::global() {
  const auto number = index("global", module_.globals.size());
  const auto& global = module_.globals[number];
  if (is_constant_) {
    if (number >= globals_) fail(fmt::format("global {} is defined later", number));
    if (global.is_mutable) fail(fmt::format("global {} is mutable, no constant", number));
  }
  if (opcode_ == opcode::kGlobalGet) {
    push(global.type);
  } else {
    if (!global.is_mutable) fail(fmt::format("global {} is not mutable", number));
    pop(global.type);
  }
}

void CodeValidator::call(const FunctionType& type) {
  pop(type.parameters);
  push(type.results);
}

void CodeValidator::return_call(const FunctionType& type) {
  pop(type.parameters);
  check_match(type.results, results(frames_.front().type));
  set_unreachable();
}

const FunctionType& CodeValidator::function_type() {
  return module_.types[type_index(TypeForm::function)].function;
}

// call_indirect and its tail call.
void CodeValidator::indirect_call() {
  const auto& type = function_type();
  const auto& called = table();
  check_match(called.type, ValueType::funcref);
  pop(address_type(called.limits));
  if (opcode_ == opcode::kCallIndirect) {
    call(type);
  } else {
    return_call(type);
  }
}

}  // namespace wasmctl::wasm
