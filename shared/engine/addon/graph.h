// A TensorFlow graph built operation by operation. JavaScript names an operation by its number and an output by
// operation * kOutputsPerOperation + index, one plain integer.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "napi_values.h"
#include "tensorflow/c/c_api.h"

namespace archwalk {

inline constexpr int64_t kOutputsPerOperation = 1024;

// Throws the status' message as a Failure unless it is OK.
void checkStatus(const TF_Status* status);

using Status = std::unique_ptr<TF_Status, decltype(&TF_DeleteStatus)>;
inline Status newStatus() { return Status(TF_NewStatus(), &TF_DeleteStatus); }

using Tensor = std::unique_ptr<TF_Tensor, decltype(&TF_DeleteTensor)>;
inline Tensor ownTensor(TF_Tensor* tensor) { return Tensor(tensor, &TF_DeleteTensor); }

// A tensor of `type` and `dims` with the array's bytes copied in. Fails unless the array's kind and length fit.
Tensor tensorFromBytes(const Bytes& bytes, TF_DataType type, const std::vector<int64_t>& dims);

// Fails unless a typed array of kind `array` may hold elements of `type`.
void checkElementType(napi_typedarray_type array, TF_DataType type);

class Graph {
 public:
  static constexpr napi_type_tag kTag{0x61726368776c6b01, 0x6772617068000001};
  static constexpr const char* kKind = "graph";

  Graph() : graph_(TF_NewGraph()) {}
  ~Graph() { TF_DeleteGraph(graph_); }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  TF_Graph* get() const { return graph_; }
  TF_Operation* operation(int64_t number) const;
  TF_Output output(int64_t number) const;
  // The number of an operation, added to the list if TensorFlow made it (gradients).
  int64_t numberOf(TF_Operation* operation);

 private:
  TF_Graph* graph_;
  std::vector<TF_Operation*> operations_;
};

napi_value createGraph(napi_env env, napi_callback_info info);
napi_value addOperation(napi_env env, napi_callback_info info);
napi_value describeOutput(napi_env env, napi_callback_info info);
napi_value addGradients(napi_env env, napi_callback_info info);
napi_value loadLibrary(napi_env env, napi_callback_info info);

// Sets one attribute [name, kind, value] on a description.
void setAttribute(napi_env env, TF_OperationDescription* description, napi_value attribute);

}  // namespace archwalk
