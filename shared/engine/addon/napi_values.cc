#include "napi_values.h"

#include <cmath>

namespace archwalk {

void check(napi_env, napi_status status, const char* what) {
  if (status != napi_ok) throw Failure(std::string(what) + " is of the wrong type");
}

Arguments::Arguments(napi_env env, napi_callback_info info, size_t expected) : values_(expected) {
  size_t count = expected;
  check(env, napi_get_cb_info(env, info, &count, values_.data(), nullptr, nullptr), "arguments");
  if (count < expected) throw Failure("expected " + std::to_string(expected) + " arguments, got " + std::to_string(count));
}

std::string readString(napi_env env, napi_value value, const char* what) {
  size_t length = 0;
  check(env, napi_get_value_string_utf8(env, value, nullptr, 0, &length), what);
  std::string text(length, '\0');
  check(env, napi_get_value_string_utf8(env, value, text.data(), length + 1, &length), what);
  return text;
}

double readNumber(napi_env env, napi_value value, const char* what) {
  double number = 0;
  check(env, napi_get_value_double(env, value, &number), what);
  return number;
}

int64_t readInteger(napi_env env, napi_value value, int64_t low, int64_t high, const char* what) {
  const double number = readNumber(env, value, what);
  const bool whole = std::isfinite(number) && number == std::floor(number);
  if (!whole || number < static_cast<double>(low) || number > static_cast<double>(high)) {
    throw Failure(std::string(what) + " must be an integer in " + std::to_string(low) + ".." + std::to_string(high) + ", got " + std::to_string(number));
  }
  return static_cast<int64_t>(number);
}

bool readBoolean(napi_env env, napi_value value, const char* what) {
  bool flag = false;
  check(env, napi_get_value_bool(env, value, &flag), what);
  return flag;
}

std::vector<napi_value> readArray(napi_env env, napi_value value, const char* what) {
  uint32_t length = 0;
  check(env, napi_get_array_length(env, value, &length), what);
  std::vector<napi_value> items(length);
  for (uint32_t i = 0; i < length; i++) check(env, napi_get_element(env, value, i, &items[i]), what);
  return items;
}

std::vector<int64_t> readIntegers(napi_env env, napi_value value, int64_t low, int64_t high, const char* what) {
  std::vector<int64_t> integers;
  for (napi_value item : readArray(env, value, what)) integers.push_back(readInteger(env, item, low, high, what));
  return integers;
}

size_t elementSize(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      return 1;
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      return 4;
    default:
      return 8;
  }
}

Bytes readBytes(napi_env env, napi_value value, const char* what) {
  bool typed = false;
  check(env, napi_is_typedarray(env, value, &typed), what);
  if (!typed) throw Failure(std::string(what) + " must be a typed array");
  Bytes bytes{};
  void* data = nullptr;
  check(env, napi_get_typedarray_info(env, value, &bytes.type, &bytes.elements, &data, nullptr, nullptr), what);
  bytes.data = static_cast<uint8_t*>(data);
  bytes.size = bytes.elements * elementSize(bytes.type);
  return bytes;
}

napi_value makeNumber(napi_env env, double value) {
  napi_value result = nullptr;
  check(env, napi_create_double(env, value, &result), "a number");
  return result;
}

napi_value makeString(napi_env env, const std::string& value) {
  napi_value result = nullptr;
  check(env, napi_create_string_utf8(env, value.data(), value.size(), &result), "a string");
  return result;
}

napi_value makeUndefined(napi_env env) {
  napi_value result = nullptr;
  check(env, napi_get_undefined(env, &result), "undefined");
  return result;
}

napi_value makeIntegers(napi_env env, const std::vector<int64_t>& values) {
  napi_value result = nullptr;
  check(env, napi_create_array_with_length(env, values.size(), &result), "an array");
  for (size_t i = 0; i < values.size(); i++) {
    check(env, napi_set_element(env, result, static_cast<uint32_t>(i), makeNumber(env, static_cast<double>(values[i]))), "an array");
  }
  return result;
}

}  // namespace archwalk
