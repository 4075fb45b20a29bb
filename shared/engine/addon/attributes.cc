// Attributes of operations: [name, kind, value], kind one of the strings below.
#include "graph.h"

namespace archwalk {
namespace {

constexpr int64_t kMax = int64_t{1} << 53;

void setTensor(napi_env env, TF_OperationDescription* description, const std::string& name, napi_value value) {
  const auto parts = readArray(env, value, "a tensor attribute [type, dims, values]");
  if (parts.size() != 3) throw Failure("a tensor attribute must be [type, dims, values]");
  const auto type = static_cast<TF_DataType>(readInteger(env, parts[0], 1, 64, "tensor type"));
  const auto dims = readIntegers(env, parts[1], 0, kMax, "tensor dims");
  Tensor tensor = tensorFromBytes(readBytes(env, parts[2], "tensor values"), type, dims);
  Status status = newStatus();
  TF_SetAttrTensor(description, name.c_str(), tensor.get(), status.get());
  checkStatus(status.get());
}

void setTypes(napi_env env, TF_OperationDescription* description, const std::string& name, napi_value value) {
  std::vector<TF_DataType> types;
  for (int64_t type : readIntegers(env, value, 1, 64, "types")) types.push_back(static_cast<TF_DataType>(type));
  TF_SetAttrTypeList(description, name.c_str(), types.data(), static_cast<int>(types.size()));
}

}  // namespace

void setAttribute(napi_env env, TF_OperationDescription* description, napi_value attribute) {
  const auto parts = readArray(env, attribute, "an attribute [name, kind, value]");
  if (parts.size() != 3) throw Failure("an attribute must be [name, kind, value]");
  const std::string name = readString(env, parts[0], "attribute name");
  const std::string kind = readString(env, parts[1], "attribute kind");
  napi_value value = parts[2];
  if (kind == "type") {
    TF_SetAttrType(description, name.c_str(), static_cast<TF_DataType>(readInteger(env, value, 1, 64, name.c_str())));
  } else if (kind == "int") {
    TF_SetAttrInt(description, name.c_str(), readInteger(env, value, -kMax, kMax, name.c_str()));
  } else if (kind == "float") {
    TF_SetAttrFloat(description, name.c_str(), static_cast<float>(readNumber(env, value, name.c_str())));
  } else if (kind == "bool") {
    TF_SetAttrBool(description, name.c_str(), readBoolean(env, value, name.c_str()) ? 1 : 0);
  } else if (kind == "string") {
    const std::string text = readString(env, value, name.c_str());
    TF_SetAttrString(description, name.c_str(), text.data(), text.size());
  } else if (kind == "shape") {
    const auto dims = readIntegers(env, value, -1, kMax, name.c_str());
    TF_SetAttrShape(description, name.c_str(), dims.data(), static_cast<int>(dims.size()));
  } else if (kind == "ints") {
    const auto integers = readIntegers(env, value, -kMax, kMax, name.c_str());
    TF_SetAttrIntList(description, name.c_str(), integers.data(), static_cast<int>(integers.size()));
  } else if (kind == "types") {
    setTypes(env, description, name, value);
  } else if (kind == "tensor") {
    setTensor(env, description, name, value);
  } else {
    throw Failure("attribute " + name + " is of the unknown kind " + kind);
  }
}

}  // namespace archwalk
