#include "session.h"

#include <cstring>

namespace archwalk {

Session::Session(std::shared_ptr<Graph> graph, const Bytes& config) : graph_(std::move(graph)) {
  Status status = newStatus();
  std::unique_ptr<TF_SessionOptions, decltype(&TF_DeleteSessionOptions)> options(TF_NewSessionOptions(), &TF_DeleteSessionOptions);
  TF_SetConfig(options.get(), config.data, config.size, status.get());
  checkStatus(status.get());
  session_ = TF_NewSession(graph_->get(), options.get(), status.get());
  checkStatus(status.get());
}

TF_Session* Session::get() const {
  if (session_ == nullptr) throw Failure("the session is closed");
  return session_;
}

void Session::close() {
  if (session_ == nullptr) return;
  Status status = newStatus();
  TF_CloseSession(session_, status.get());
  TF_DeleteSession(session_, status.get());
  session_ = nullptr;
}

void Call::execute(Run& run) const {
  Status status = newStatus();
  std::vector<TF_Tensor*> inputs;
  for (const Tensor& feed : run.feeds) inputs.push_back(feed.get());
  std::vector<TF_Tensor*> outputs(fetches.size(), nullptr);
  const TF_Buffer options{runOptions.data(), runOptions.size(), nullptr};
  TF_SessionRun(session->get(), runOptions.empty() ? nullptr : &options, feeds.data(), inputs.data(), static_cast<int>(inputs.size()), fetches.data(),
                outputs.data(), static_cast<int>(outputs.size()), targets.data(), static_cast<int>(targets.size()), nullptr, status.get());
  for (TF_Tensor* output : outputs) run.fetched.push_back(ownTensor(output));
  if (TF_GetCode(status.get()) != TF_OK) run.fault = TF_Message(status.get());
  run.feeds.clear();
}

namespace {

// Copies each fetched tensor into its array; fails, with nothing copied, unless every kind and length fits.
void copyOut(const Run& run, const std::vector<Bytes>& arrays) {
  for (size_t i = 0; i < arrays.size(); i++) {
    const TF_Tensor* tensor = run.fetched[i].get();
    checkElementType(arrays[i].type, TF_TensorType(tensor));
    if (TF_TensorByteSize(tensor) != arrays[i].size) {
      throw Failure("fetch " + std::to_string(i) + " gave " + std::to_string(TF_TensorByteSize(tensor)) + " bytes for an array of " + std::to_string(arrays[i].size));
    }
  }
  for (size_t i = 0; i < arrays.size(); i++) {
    if (arrays[i].size > 0) std::memcpy(arrays[i].data, TF_TensorData(run.fetched[i].get()), arrays[i].size);
  }
}

std::vector<Tensor> readFeeds(napi_env env, const Call& call, napi_value values, napi_value shapes) {
  const auto arrays = readArray(env, values, "feeds");
  const auto dims = readArray(env, shapes, "feed shapes");
  if (arrays.size() != call.feeds.size() || dims.size() != call.feeds.size()) {
    throw Failure("the call takes " + std::to_string(call.feeds.size()) + " feeds, got " + std::to_string(arrays.size()) + " with " + std::to_string(dims.size()) + " shapes");
  }
  std::vector<Tensor> feeds;
  for (size_t i = 0; i < arrays.size(); i++) {
    const auto shape = readIntegers(env, dims[i], 0, int64_t{1} << 40, "feed shape");
    feeds.push_back(tensorFromBytes(readBytes(env, arrays[i], "a feed"), TF_OperationOutputType(call.feeds[i]), shape));
  }
  return feeds;
}

std::vector<Bytes> readFetches(napi_env env, const Call& call, napi_value values) {
  std::vector<Bytes> arrays;
  for (napi_value value : readArray(env, values, "fetches")) arrays.push_back(readBytes(env, value, "a fetch"));
  if (arrays.size() != call.fetches.size()) throw Failure("the call gives " + std::to_string(call.fetches.size()) + " fetches, got " + std::to_string(arrays.size()) + " arrays");
  for (size_t i = 0; i < arrays.size(); i++) checkElementType(arrays[i].type, TF_OperationOutputType(call.fetches[i]));
  return arrays;
}

std::vector<TF_Output> readCallOutputs(napi_env env, const Graph& graph, napi_value value, const char* what) {
  std::vector<TF_Output> outputs;
  for (int64_t number : readIntegers(env, value, 0, int64_t{1} << 50, what)) outputs.push_back(graph.output(number));
  return outputs;
}

void finishRun(Session& session) {
  session.running--;
  if (session.running == 0 && session.closeWhenIdle) session.close();
}

// An asynchronous run: the arrays of the fetches are held by a reference to the JavaScript array of them.
struct Pending {
  std::shared_ptr<Call> call;
  Run run;
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
  napi_ref fetches = nullptr;
};

void settle(napi_env env, Pending& pending) {
  napi_value error = nullptr;
  try {
    if (!pending.run.fault.empty()) throw Failure(pending.run.fault);
    napi_value fetches = nullptr;
    check(env, napi_get_reference_value(env, pending.fetches, &fetches), "fetches");
    copyOut(pending.run, readFetches(env, *pending.call, fetches));
    napi_resolve_deferred(env, pending.deferred, makeUndefined(env));
  } catch (const std::exception& failure) {
    napi_value message = nullptr;
    napi_create_string_utf8(env, failure.what(), NAPI_AUTO_LENGTH, &message);
    napi_create_error(env, nullptr, message, &error);
    napi_reject_deferred(env, pending.deferred, error);
  }
}

}  // namespace

// createSession(graph, config): a session under a serialized ConfigProto.
napi_value createSession(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments arguments(env, info, 2);
    auto graph = readHandle<Graph>(env, arguments[0]);
    return makeHandle(env, std::make_shared<Session>(graph, readBytes(env, arguments[1], "session configuration")));
  });
}

// closeSession(session): frees it now, or as soon as the runs under way have ended.
napi_value closeSession(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments arguments(env, info, 1);
    auto session = readHandle<Session>(env, arguments[0]);
    session->closeWhenIdle = true;
    if (session->running == 0) session->close();
    return makeUndefined(env);
  });
}

// prepareCall(session, feeds, fetches, targets, runOptions): a call.
napi_value prepareCall(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments arguments(env, info, 5);
    auto call = std::make_shared<Call>();
    call->session = readHandle<Session>(env, arguments[0]);
    const Graph& graph = *call->session->graph();
    call->feeds = readCallOutputs(env, graph, arguments[1], "feeds");
    call->fetches = readCallOutputs(env, graph, arguments[2], "fetches");
    for (int64_t number : readIntegers(env, arguments[3], 0, int64_t{1} << 40, "targets")) call->targets.push_back(graph.operation(number));
    const Bytes options = readBytes(env, arguments[4], "run options");
    call->runOptions.assign(reinterpret_cast<const char*>(options.data), options.size);
    return makeHandle(env, std::move(call));
  });
}

// runCall(call, feeds, feedShapes, fetches): runs now, on this thread and TensorFlow's.
napi_value runCall(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments arguments(env, info, 4);
    auto call = readHandle<Call>(env, arguments[0]);
    if (call->session->closed() || call->session->closeWhenIdle) throw Failure("the session is closed");
    Run run;
    run.feeds = readFeeds(env, *call, arguments[1], arguments[2]);
    const auto fetches = readFetches(env, *call, arguments[3]);
    call->execute(run);
    if (!run.fault.empty()) throw Failure(run.fault);
    copyOut(run, fetches);
    return makeUndefined(env);
  });
}

// startCall(call, feeds, feedShapes, fetches): Promise<undefined>; the feeds may be reused at once, the fetches once it has resolved.
napi_value startCall(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments arguments(env, info, 4);
    auto pending = std::make_unique<Pending>();
    pending->call = readHandle<Call>(env, arguments[0]);
    Session& session = *pending->call->session;
    if (session.closed() || session.closeWhenIdle) throw Failure("the session is closed");
    pending->run.feeds = readFeeds(env, *pending->call, arguments[1], arguments[2]);
    readFetches(env, *pending->call, arguments[3]);
    napi_value promise = nullptr;
    check(env, napi_create_reference(env, arguments[3], 1, &pending->fetches), "fetches");
    const auto execute = [](napi_env, void* data) {
      auto* running = static_cast<Pending*>(data);
      running->call->execute(running->run);
    };
    const auto complete = [](napi_env completed, napi_status, void* data) {
      std::unique_ptr<Pending> done(static_cast<Pending*>(data));
      settle(completed, *done);
      napi_delete_reference(completed, done->fetches);
      napi_delete_async_work(completed, done->work);
      finishRun(*done->call->session);
    };
    check(env, napi_create_async_work(env, nullptr, makeString(env, "archwalk.run"), execute, complete, pending.get(), &pending->work), "work");
    check(env, napi_create_promise(env, &pending->deferred, &promise), "promise");
    check(env, napi_queue_async_work(env, pending->work), "work");
    session.running++;
    pending.release();
    return promise;
  });
}

// profileCall(call, feeds, feedShapes): runs once with full tracing; the serialized RunMetadata as a Uint8Array's ArrayBuffer.
napi_value profileCall(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments arguments(env, info, 3);
    auto call = readHandle<Call>(env, arguments[0]);
    const auto feeds = readFeeds(env, *call, arguments[1], arguments[2]);
    std::vector<TF_Tensor*> inputs;
    for (const Tensor& feed : feeds) inputs.push_back(feed.get());
    std::vector<TF_Tensor*> outputs(call->fetches.size(), nullptr);
    const char fullTrace[] = {0x08, 0x03};
    const TF_Buffer options{fullTrace, sizeof fullTrace, nullptr};
    std::unique_ptr<TF_Buffer, decltype(&TF_DeleteBuffer)> metadata(TF_NewBuffer(), &TF_DeleteBuffer);
    Status status = newStatus();
    TF_SessionRun(call->session->get(), &options, call->feeds.data(), inputs.data(), static_cast<int>(inputs.size()), call->fetches.data(), outputs.data(),
                  static_cast<int>(outputs.size()), call->targets.data(), static_cast<int>(call->targets.size()), metadata.get(), status.get());
    std::vector<Tensor> fetched;
    for (TF_Tensor* output : outputs) fetched.push_back(ownTensor(output));
    checkStatus(status.get());
    void* copy = nullptr;
    napi_value buffer = nullptr;
    check(env, napi_create_arraybuffer(env, metadata->length, &copy, &buffer), "metadata");
    std::memcpy(copy, metadata->data, metadata->length);
    return buffer;
  });
}

}  // namespace archwalk
