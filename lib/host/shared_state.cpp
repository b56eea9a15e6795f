#include "host/shared_state.hpp"

#include <algorithm>

namespace wasmctl::host {

Answer<SharedValue> SharedState::get(std::string_view key) const {
  const auto found = data_.find(key);
  if (found == data_.end()) return Status::not_found;
  return found->second;
}

Status SharedState::set(std::string_view key, std::string_view value, std::uint32_t cas) {
  const auto found = data_.find(key);
  if (found != data_.end() && cas != 0 && cas != found->second.cas) return Status::cas_mismatch;
  data_.insert_or_assign(std::string(key), SharedValue{std::string(value), next_cas_});
  ++next_cas_;
  return Status::ok;
}

std::uint32_t SharedState::register_queue(ContextId context, std::string_view name) {
  auto queue = std::ranges::find(queues_, name, &Queue::name);
  if (queue == queues_.end()) queue = queues_.insert(queue, Queue{std::string(name), {}, {}});
  queue->listener = context;
  return static_cast<std::uint32_t>(queue - queues_.begin()) + 1;
}

Answer<std::uint32_t> SharedState::resolve_queue(std::string_view name) const {
  const auto queue = std::ranges::find(queues_, name, &Queue::name);
  if (queue == queues_.end()) return Status::not_found;
  return static_cast<std::uint32_t>(queue - queues_.begin()) + 1;
}

SharedState::Queue* SharedState::find(std::uint32_t token) {
  return token == 0 || token > queues_.size() ? nullptr : &queues_[token - 1];
}

Answer<std::string> SharedState::dequeue(std::uint32_t token) {
  auto* const queue = find(token);
  if (queue == nullptr) return Status::not_found;
  if (queue->values.empty()) return Status::empty;
  auto value = std::move(queue->values.front());
  queue->values.pop_front();
  return value;
}

Status SharedState::enqueue(std::uint32_t token, std::string_view value) {
  auto* const queue = find(token);
  if (queue == nullptr) return Status::not_found;
  queue->values.emplace_back(value);
  return Status::ok;
}

ContextId SharedState::listener(std::uint32_t token) const {
  return queues_[token - 1].listener;
}

}  // namespace wasmctl::host
