// Reading JavaScript values and making them: every reader checks the type and throws Failure, which `guarded` turns into a
// JavaScript Error. Nothing here trusts its caller.
#pragma once
#include <node_api.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace archwalk {

// What a call threw; its message reaches JavaScript.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A view of a typed array's bytes; valid while JavaScript keeps the array.
struct Bytes {
  napi_typedarray_type type;
  uint8_t* data;
  size_t elements;
  size_t size;
};

void check(napi_env env, napi_status status, const char* what);

// The arguments of a call; reading past the end fails.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info, size_t expected);
  napi_value operator[](size_t i) const { return values_[i]; }

 private:
  std::vector<napi_value> values_;
};

std::string readString(napi_env env, napi_value value, const char* what);
int64_t readInteger(napi_env env, napi_value value, int64_t low, int64_t high, const char* what);
double readNumber(napi_env env, napi_value value, const char* what);
bool readBoolean(napi_env env, napi_value value, const char* what);
std::vector<napi_value> readArray(napi_env env, napi_value value, const char* what);
std::vector<int64_t> readIntegers(napi_env env, napi_value value, int64_t low, int64_t high, const char* what);
Bytes readBytes(napi_env env, napi_value value, const char* what);
size_t elementSize(napi_typedarray_type type);

napi_value makeNumber(napi_env env, double value);
napi_value makeString(napi_env env, const std::string& value);
napi_value makeUndefined(napi_env env);
napi_value makeIntegers(napi_env env, const std::vector<int64_t>& values);

// An object of ours inside a JavaScript value. The tag keeps one kind from being passed for another.
template <typename T>
napi_value makeHandle(napi_env env, std::shared_ptr<T> object) {
  auto* held = new std::shared_ptr<T>(std::move(object));
  napi_value value = nullptr;
  napi_status status = napi_create_external(
      env, held, [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<T>*>(data); }, nullptr, &value);
  if (status != napi_ok) {
    delete held;
    throw Failure("a handle could not be made");
  }
  check(env, napi_type_tag_object(env, value, &T::kTag), "a handle could not be tagged");
  return value;
}

template <typename T>
std::shared_ptr<T> readHandle(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type), "a handle");
  bool ours = false;
  if (type == napi_external) check(env, napi_check_object_type_tag(env, value, &T::kTag, &ours), "a handle");
  if (!ours) throw Failure(std::string("argument must be a ") + T::kKind);
  void* data = nullptr;
  check(env, napi_get_value_external(env, value, &data), "a handle");
  return *static_cast<std::shared_ptr<T>*>(data);
}

// Runs `body`; a Failure becomes a pending JavaScript exception.
template <typename Body>
napi_value guarded(napi_env env, Body body) {
  try {
    return body();
  } catch (const std::exception& failure) {
    bool pending = false;
    napi_is_exception_pending(env, &pending);
    if (!pending) napi_throw_error(env, nullptr, failure.what());
    return nullptr;
  }
}

}  // namespace archwalk
