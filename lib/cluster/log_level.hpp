// The level at which proxies log Wasm: raised for a while, and put back. Istio's proxies have
// `warning` by default, so that nothing that a plugin says at `info` is to be seen.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/kubectl.hpp"
#include "cluster/objects.hpp"

namespace wasmctl::cluster {

// Envoy's names, the most talkative first; those of plugins' configurations are understood, too
// ("warn"). None for another word.
std::optional<std::string> envoy_level(std::string_view word);

// What a plugin's configuration asks for: its `log_level`, or else `info`.
std::string wanted_level(const Plugin& plugin);

// Of what POST /logging answers; empty if it is not there.
std::string wasm_level_of(std::string_view answer);

// While it exists, the proxies log Wasm at `level` or at more.
class RaisedLevel {
 public:
  // Once `stop` came no more are asked, or raised.
  RaisedLevel(const Kubectl& kubectl, const std::vector<const Pod*>& pods, std::string level,
              const base::StopSignals& stop);
  // Puts back what was there.
  ~RaisedLevel();
  RaisedLevel(const RaisedLevel&) = delete;
  RaisedLevel& operator=(const RaisedLevel&) = delete;

  // What is put back, and in how many pods; empty: nothing was raised.
  const std::map<std::string, std::size_t>& before() const { return before_; }
  // Of the pods that could not be asked the first answer.
  const std::optional<Answer>& refusal() const { return refusal_; }
  std::size_t refused() const { return refused_; }

  // Does so now; the answers that are not ok.
  std::vector<Answer> put_back();

 private:
  const Kubectl& kubectl_;
  std::vector<Arguments> back_;  // the questions that put it back
  std::map<std::string, std::size_t> before_;
  std::optional<Answer> refusal_;
  std::size_t refused_ = 0;
};

// What an admin, or the user, runs to see or set the level of one pod.
Arguments level_question(const Pod& pod, std::string_view level);

}  // namespace wasmctl::cluster
