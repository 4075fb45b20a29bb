#include "graph.h"

#include <cstring>

namespace archwalk {

void checkStatus(const TF_Status* status) {
  if (TF_GetCode(status) != TF_OK) throw Failure(TF_Message(status));
}

void checkElementType(napi_typedarray_type array, TF_DataType type) {
  const bool fits = (array == napi_float32_array && type == TF_FLOAT) || (array == napi_float64_array && type == TF_DOUBLE) ||
                    (array == napi_int32_array && type == TF_INT32) || (array == napi_bigint64_array && type == TF_INT64) ||
                    (array == napi_uint16_array && (type == TF_UINT16 || type == TF_BFLOAT16)) ||
                    (array == napi_uint8_array && (type == TF_UINT8 || type == TF_BOOL));
  if (!fits) throw Failure("a typed array of kind " + std::to_string(array) + " does not hold TensorFlow type " + std::to_string(type));
}

Tensor tensorFromBytes(const Bytes& bytes, TF_DataType type, const std::vector<int64_t>& dims) {
  checkElementType(bytes.type, type);
  size_t elements = 1;
  for (int64_t dim : dims) {
    if (dim < 0 || (dim > 0 && elements > SIZE_MAX / 16 / static_cast<size_t>(dim))) throw Failure("a tensor's shape is out of range");
    elements *= static_cast<size_t>(dim);
  }
  if (elements != bytes.elements) {
    throw Failure("a tensor of " + std::to_string(elements) + " elements was given " + std::to_string(bytes.elements));
  }
  Tensor tensor = ownTensor(TF_AllocateTensor(type, dims.data(), static_cast<int>(dims.size()), bytes.size));
  if (tensor == nullptr) throw Failure("a tensor of " + std::to_string(bytes.size) + " bytes could not be allocated");
  if (bytes.size > 0) std::memcpy(TF_TensorData(tensor.get()), bytes.data, bytes.size);
  return tensor;
}

TF_Operation* Graph::operation(int64_t number) const {
  if (number < 0 || number >= static_cast<int64_t>(operations_.size())) throw Failure("operation " + std::to_string(number) + " is not of this graph");
  return operations_[static_cast<size_t>(number)];
}

TF_Output Graph::output(int64_t number) const {
  TF_Operation* from = operation(number / kOutputsPerOperation);
  const int index = static_cast<int>(number % kOutputsPerOperation);
  if (number < 0 || index >= TF_OperationNumOutputs(from)) {
    throw Failure(std::string("operation ") + TF_OperationName(from) + " has no output " + std::to_string(index));
  }
  return {from, index};
}

int64_t Graph::numberOf(TF_Operation* operation) {
  for (size_t i = operations_.size(); i-- > 0;) {
    if (operations_[i] == operation) return static_cast<int64_t>(i);
  }
  operations_.push_back(operation);
  return static_cast<int64_t>(operations_.size()) - 1;
}

namespace {
constexpr int64_t kMaxNumber = int64_t{1} << 50;

std::vector<TF_Output> readOutputs(napi_env env, const Graph& graph, napi_value value) {
  std::vector<TF_Output> outputs;
  for (int64_t number : readIntegers(env, value, 0, kMaxNumber, "outputs")) outputs.push_back(graph.output(number));
  return outputs;
}

bool isArray(napi_env env, napi_value value) {
  bool array = false;
  check(env, napi_is_array(env, value, &array), "inputs");
  return array;
}
}  // namespace

napi_value createGraph(napi_env env, napi_callback_info) {
  return guarded(env, [&] { return makeHandle(env, std::make_shared<Graph>()); });
}

// addOperation(graph, type, name, inputs, attributes, controls): number. An input is an output's number, or an array of them for a list.
// A description, once begun, must be finished: so everything is read before it is begun, and what fails after that is TensorFlow's.
napi_value addOperation(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments arguments(env, info, 6);
    auto graph = readHandle<Graph>(env, arguments[0]);
    const std::string type = readString(env, arguments[1], "operation type");
    const std::string name = readString(env, arguments[2], "operation name");
    std::vector<std::pair<bool, std::vector<TF_Output>>> inputs;
    for (napi_value input : readArray(env, arguments[3], "inputs")) {
      if (isArray(env, input)) inputs.emplace_back(true, readOutputs(env, *graph, input));
      else inputs.emplace_back(false, std::vector<TF_Output>{graph->output(readInteger(env, input, 0, kMaxNumber, "input"))});
    }
    const auto attributes = readArray(env, arguments[4], "attributes");
    std::vector<TF_Operation*> controls;
    for (int64_t number : readIntegers(env, arguments[5], 0, kMaxNumber, "control inputs")) controls.push_back(graph->operation(number));
    if (TF_GraphOperationByName(graph->get(), name.c_str()) != nullptr) throw Failure("operation \"" + name + "\" exists already");

    TF_OperationDescription* description = TF_NewOperation(graph->get(), type.c_str(), name.c_str());
    std::string fault;
    try {
      for (const auto& [list, outputs] : inputs) {
        if (list) TF_AddInputList(description, outputs.data(), static_cast<int>(outputs.size()));
        else TF_AddInput(description, outputs[0]);
      }
      for (TF_Operation* control : controls) TF_AddControlInput(description, control);
      for (napi_value attribute : attributes) setAttribute(env, description, attribute);
    } catch (const std::exception& failure) {
      fault = failure.what();
    }
    Status status = newStatus();
    TF_Operation* operation = TF_FinishOperation(description, status.get());
    if (!fault.empty()) throw Failure(name + ": " + fault);
    if (TF_GetCode(status.get()) != TF_OK) throw Failure(name + ": " + TF_Message(status.get()));
    return makeNumber(env, static_cast<double>(graph->numberOf(operation)));
  });
}

// describeOutput(graph, output): [type, rank, ...dims], rank -1 where unknown, a dim -1 where unknown.
napi_value describeOutput(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments arguments(env, info, 2);
    auto graph = readHandle<Graph>(env, arguments[0]);
    const TF_Output output = graph->output(readInteger(env, arguments[1], 0, kMaxNumber, "output"));
    Status status = newStatus();
    const int rank = TF_GraphGetTensorNumDims(graph->get(), output, status.get());
    checkStatus(status.get());
    std::vector<int64_t> dims(rank > 0 ? rank : 0);
    TF_GraphGetTensorShape(graph->get(), output, dims.data(), static_cast<int>(dims.size()), status.get());
    if (rank >= 0) checkStatus(status.get());
    std::vector<int64_t> result{TF_OperationOutputType(output), rank};
    result.insert(result.end(), dims.begin(), dims.end());
    return makeIntegers(env, result);
  });
}

// addGradients(graph, ys, xs, dys): outputs; dy is the gradient that arrives at y; dys empty stands for ones.
napi_value addGradients(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments arguments(env, info, 4);
    auto graph = readHandle<Graph>(env, arguments[0]);
    auto ys = readOutputs(env, *graph, arguments[1]);
    auto xs = readOutputs(env, *graph, arguments[2]);
    auto dys = readOutputs(env, *graph, arguments[3]);
    if (ys.empty() || xs.empty() || (!dys.empty() && dys.size() != ys.size())) throw Failure("gradients need ys, xs, and no dys or one for each y");
    std::vector<TF_Output> gradients(xs.size(), TF_Output{nullptr, 0});
    Status status = newStatus();
    TF_AddGradients(graph->get(), ys.data(), static_cast<int>(ys.size()), xs.data(), static_cast<int>(xs.size()),
                    dys.empty() ? nullptr : dys.data(), status.get(), gradients.data());
    checkStatus(status.get());
    std::vector<int64_t> numbers;
    for (const TF_Output& gradient : gradients) {
      if (gradient.oper == nullptr) throw Failure("a gradient was asked for by an output that the ys do not depend on");
      numbers.push_back(graph->numberOf(gradient.oper) * kOutputsPerOperation + gradient.index);
    }
    return makeIntegers(env, numbers);
  });
}

// loadLibrary(path): registers a library's operations and kernels with TensorFlow, for the rest of the process.
napi_value loadLibrary(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments arguments(env, info, 1);
    const std::string path = readString(env, arguments[0], "library path");
    Status status = newStatus();
    TF_Library* library = TF_LoadLibrary(path.c_str(), status.get());
    checkStatus(status.get());
    TF_DeleteLibraryHandle(library);
    return makeUndefined(env);
  });
}

}  // namespace archwalk
