// The N-API addon over TensorFlow's C API that shared/engine/graph.ts calls: graphs built operation by operation, sessions that
// own their variables, prepared calls run on this thread or on libuv's.
#include <cstdlib>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "graph.h"
#include "session.h"

namespace archwalk {
namespace {

napi_value tensorflowVersion(napi_env env, napi_callback_info) {
  return guarded(env, [&] { return makeString(env, TF_Version()); });
}

// listDevices(session): array of [name, type].
napi_value listDevices(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments arguments(env, info, 1);
    auto session = readHandle<Session>(env, arguments[0]);
    Status status = newStatus();
    std::unique_ptr<TF_DeviceList, decltype(&TF_DeleteDeviceList)> devices(TF_SessionListDevices(session->get(), status.get()), &TF_DeleteDeviceList);
    checkStatus(status.get());
    napi_value list = nullptr;
    check(env, napi_create_array(env, &list), "an array");
    for (int i = 0; i < TF_DeviceListCount(devices.get()); i++) {
      const std::string type = TF_DeviceListType(devices.get(), i, status.get());
      checkStatus(status.get());
      check(env, napi_set_element(env, list, static_cast<uint32_t>(i), makeString(env, type)), "an array");
    }
    return list;
  });
}

napi_value initialize(napi_env env, napi_value exports) {
  // TensorFlow's notices about rebuilding it with other flags help no one here; errors stay. A value already set wins. The library reads
  // the variable when it is loaded, which has happened by now, so the level is set in it as well.
  if (getenv("TF_CPP_MIN_LOG_LEVEL") == nullptr) {
    setenv("TF_CPP_MIN_LOG_LEVEL", "2", 1);
    absl::SetMinLogLevel(absl::LogSeverityAtLeast::kError);
  }
  const struct {
    const char* name;
    napi_callback callback;
  } functions[] = {{"createGraph", createGraph},       {"addOperation", addOperation}, {"describeOutput", describeOutput}, {"addGradients", addGradients},
                   {"loadLibrary", loadLibrary},       {"createSession", createSession}, {"closeSession", closeSession},   {"prepareCall", prepareCall},
                   {"runCall", runCall},               {"startCall", startCall},       {"profileCall", profileCall},       {"listDevices", listDevices},
                   {"tensorflowVersion", tensorflowVersion}};
  for (const auto& [name, callback] : functions) {
    napi_value function = nullptr;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) != napi_ok) return nullptr;
    if (napi_set_named_property(env, exports, name, function) != napi_ok) return nullptr;
  }
  return exports;
}

}  // namespace
}  // namespace archwalk

NAPI_MODULE_INIT() { return archwalk::initialize(env, exports); }
