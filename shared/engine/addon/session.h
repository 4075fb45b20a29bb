// Sessions and prepared calls. A session owns its variables. A call fixes which outputs are fed, fetched and run, so that a
// step costs no look-ups; feeds are copied in when it is called, fetches are copied into typed arrays when it ends.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "graph.h"

namespace archwalk {

class Session {
 public:
  static constexpr napi_type_tag kTag{0x61726368776c6b02, 0x73657373696f6e02};
  static constexpr const char* kKind = "session";

  Session(std::shared_ptr<Graph> graph, const Bytes& config);
  ~Session() { close(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const std::shared_ptr<Graph>& graph() const { return graph_; }
  TF_Session* get() const;
  // Frees the variables. The caller makes sure that no run is under way.
  void close();
  bool closed() const { return session_ == nullptr; }

  // Runs under way; only touched on JavaScript's thread.
  int running = 0;
  bool closeWhenIdle = false;

 private:
  std::shared_ptr<Graph> graph_;
  TF_Session* session_ = nullptr;
};

// What one run holds from its start until its results are copied out.
struct Run {
  std::vector<Tensor> feeds;
  std::vector<Tensor> fetched;
  std::string fault;
};

class Call {
 public:
  static constexpr napi_type_tag kTag{0x61726368776c6b03, 0x63616c6c00000003};
  static constexpr const char* kKind = "call";

  std::shared_ptr<Session> session;
  std::vector<TF_Output> feeds;
  std::vector<TF_Output> fetches;
  std::vector<const TF_Operation*> targets;
  std::string runOptions;

  // Runs on any thread; a fault is kept in `run`.
  void execute(Run& run) const;
};

napi_value createSession(napi_env env, napi_callback_info info);
napi_value closeSession(napi_env env, napi_callback_info info);
napi_value prepareCall(napi_env env, napi_callback_info info);
napi_value runCall(napi_env env, napi_callback_info info);
napi_value startCall(napi_env env, napi_callback_info info);
napi_value profileCall(napi_env env, napi_callback_info info);

}  // namespace archwalk
