// The validator of one function body or constant expression: an abstract machine whose operands are
// types. Each kind of instruction has a file: numbers and variables in code_validator.cpp, blocks
// and branches in control.cpp, exceptions in exceptions.cpp, memories and tables in storage.cpp,
// references in references.cpp, structs and arrays in aggregates.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/code.hpp"
#include "wasm/module.hpp"
#include "wasm/subtypes.hpp"
#include "wasm/validate/validate.hpp"

namespace wasmctl::wasm {

class CodeValidator {
 public:
  // `declared`: functions that ref.func may name in bodies.
  CodeValidator(const Module& module, const std::vector<bool>& declared);

  // Throws Error{Code::bad_input}: `i32.add: expected i32, found i64 (offset 0x1a4)`.
  void check_body(std::size_t body, ControlTable* table);

  // The constant expression at `offset` gives a `type`; it may name the first `globals` globals.
  // `functions` gets those that it names.
  void check_constant(std::size_t offset, ValueType type, std::size_t globals,
                      std::vector<bool>& functions);
  // The offset behind the last expression that was checked.
  std::size_t behind() const { return code_.reader().offset(); }

  FeatureSet features() const {
    auto all = features_;
    all.add(code_.features());
    return all;
  }

 private:
  enum class Kind : std::uint8_t {
    function,
    block,
    loop,
    if_block,
    else_block,
    try_block,
    catch_block,
    catch_all_block,
    try_table,
  };

  // A function type, or no parameters and at most one result.
  struct BlockType {
    const FunctionType* function = nullptr;
    ValueType result;  // unknown: none
  };

  static constexpr std::uint32_t kNoEntry = UINT32_MAX;

  struct Frame {
    BlockType type;
    std::uint32_t height = 0;             // of operands_ below its parameters
    std::uint32_t set_height = 0;         // of set_locals_ where it began
    std::uint32_t begin = 0;              // offset of its first instruction
    std::uint32_t entry = 0;              // index of the next Branch there
    std::uint32_t pending = kNoEntry;     // the last Branch that goes to its end
    std::uint32_t else_entry = kNoEntry;  // of an if
    std::uint32_t handlers = 0;           // in open_handlers_, where it began
    std::uint32_t end_of_try = 0;         // offset, once the first catch was read
    std::uint32_t caught = 0;  // catch blocks of the legacy form around it, itself included
    Kind kind = Kind::block;
    bool unreachable = false;
  };

  void reset(std::size_t offset, std::size_t size, ControlTable* table);
  void read_locals(const FunctionType& type);
  void run();
  void special();
  bool control_instruction();
  bool exception_instruction();
  bool storage_instruction();
  bool reference_instruction();
  bool aggregate_instruction();

  // Operands
  void push(ValueType type) {
    operands_.push_back(type);
    has_vectors_ = has_vectors_ || type == ValueType::v128;
    if (operands_.size() > most_operands_) most_operands_ = operands_.size();
  }
  void push(std::span<const ValueType> types) {
    for (const auto type : types) push(type);
  }
  void pop(ValueType expected) {
    if (operands_.size() > height_ && operands_.back() == expected) {
      operands_.pop_back();
    } else {
      pop_other(expected);
    }
  }
  void pop(std::span<const ValueType> types) {
    for (std::size_t i = types.size(); i-- > 0 && !has_any();) pop(types[i]);
  }
  // Whether the stack has whatever is asked of it: in unreachable code, below what it pushed.
  bool has_any() const { return operands_.size() == height_ && frames_.back().unreachable; }
  void pop_other(ValueType expected);
  ValueType pop_any();
  ValueType pop_reference();
  // As if popped and pushed again.
  void peek(std::span<const ValueType> types) const;
  void set_unreachable();
  void check_match(ValueType found, ValueType expected) const;
  void check_match(std::span<const ValueType> found, std::span<const ValueType> expected) const;

  // Numbers, variables, calls
  void simple(const Opcode& row);
  void immediates(const Opcode& row);
  void check_lane(std::size_t count);
  void select();
  void select_typed();
  void local(std::uint32_t opcode);
  void global();
  void call(const FunctionType& type);
  void return_call(const FunctionType& type);
  void indirect_call();
  std::uint32_t index(std::string_view what, std::size_t count);
  void check_index(std::string_view what, std::uint32_t index, std::size_t count) const;
  ValueType type_of_local(std::uint32_t index) const;
  const FunctionType& function_type();

  // Blocks and branches
  BlockType block_type();
  static std::span<const ValueType> parameters(const BlockType& type);
  static std::span<const ValueType> results(const BlockType& type);
  static std::span<const ValueType> label_types(const Frame& frame);
  Frame& label();
  Frame& frame_of(std::uint32_t label);
  void push_frame(Kind kind, const BlockType& type);
  void begin_block(Kind kind);
  // Pops the results of the innermost frame, which must be all that it has.
  void finish_frame();
  // Goes on in it, as with an else or a catch.
  void restart_frame(Kind kind);
  void end_block();
  void else_branch();
  void branch_table();

  // The table of branches
  std::uint32_t here() const { return static_cast<std::uint32_t>(code_.reader().offset()); }
  std::uint32_t next_entry() const { return static_cast<std::uint32_t>(table_->branches.size()); }
  void note_branch(Frame& frame);
  void resolve(std::uint32_t entry, std::uint32_t target);
  void resolve_pending(const Frame& frame, std::uint32_t target);

  // Exceptions
  void try_table();
  void catch_clause();
  void legacy_catch();
  void delegate();
  void rethrow();
  const FunctionType& tag_type();
  void note_legacy_handler(const Frame& frame, HandlerKind kind, std::uint32_t tag);
  void close_handlers(const Frame& frame);

  // Memories and tables
  ValueType memory_argument(const Opcode& row);
  static ValueType address_type(const Limits& limits);
  ValueType memory_address();
  const Table& table();
  void memory_copy();
  void table_copy();
  void table_init();
  void data_index();
  const ElementSegment& element();

  // References, structs and arrays
  void convert(HeapType from, HeapType to);
  void branch_on_null();
  void branch_on_cast();
  void cast();
  std::uint32_t type_index(TypeForm form);
  void struct_new();
  void struct_access();
  void array_new();
  void array_get();
  void array_write();
  void segment_of(const Field& field);
  void array_copy();
  void check_packing(const Field& field, std::uint32_t plain) const;
  void check_mutable(const Field& field) const;
  void check_default(const Field& field) const;

  // `message`, with the instruction's name before it and its offset after it.
  [[noreturn]] void fail(std::string_view message) const;

  const Module& module_;
  std::string_view bytes_;
  const std::vector<bool>& declared_;
  std::vector<bool>* named_functions_ = nullptr;  // in a constant expression
  std::size_t globals_ = 0;                       // that may be named
  bool is_constant_ = false;

  CodeReader code_;
  std::uint32_t opcode_ = 0;  // of the instruction at `at_`
  std::size_t at_ = 0;
  FeatureSet features_;  // of what was checked before

  std::vector<ValueType> operands_;
  std::vector<Frame> frames_;
  std::size_t height_ = 0;  // of the innermost frame
  std::size_t most_operands_ = 0;
  bool has_vectors_ = false;  // whether one was pushed

  // Types of the first locals, one by one; of all, by runs.
  struct Run {
    std::uint32_t end;  // index behind the last local of the run
    ValueType type;
  };
  std::vector<ValueType> first_locals_;
  std::vector<Run> locals_;
  std::uint32_t local_count_ = 0;
  // Locals without a default value: whether they were set; only in functions that have any.
  std::vector<bool> is_set_;
  std::vector<std::uint32_t> set_locals_;  // in the order in which they were set

  ControlTable* table_ = nullptr;
  std::vector<Handler> open_handlers_;  // of the try blocks that are not finished
};

}  // namespace wasmctl::wasm
