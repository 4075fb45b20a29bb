// What the operations share: work spread over TensorFlow's own threads, scratch memory, checks, and building gradient nodes.
#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "kernels.h"
#include "tensorflow/cc/framework/grad_op_registry.h"
#include "tensorflow/cc/framework/gradients.h"
#include "tensorflow/cc/framework/ops.h"
#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace archwalk {

namespace tf = tensorflow;

// Threads that work may be spread over, the calling one included: the pool's count.
int64_t workers(tf::OpKernelContext* context);

// Calls body(worker, item) for each item of 0..items-1, items taken one by one by `workers` threads at most; returns when all are done.
void forEach(tf::OpKernelContext* context, int64_t items, const std::function<void(int64_t worker, int64_t item)>& body);

// An InvalidArgument error of the parts' text.
template <typename... Parts>
absl::Status invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// The f32 values of an input or output.
inline const float* values(const tf::Tensor& tensor) { return tensor.flat<float>().data(); }
inline float* values(tf::Tensor* tensor) { return tensor->flat<float>().data(); }

// A kernel that has the table for this processor, or fails to be made.
class KernelOp : public tf::OpKernel {
 public:
  explicit KernelOp(tf::OpKernelConstruction* construction);

 protected:
  // Uninitialised f32 scratch, freed when `holder` is.
  float* scratch(tf::OpKernelContext* context, int64_t floats, tf::Tensor* holder) const;

  const Kernels* kernels_;
};

// Adds a node of type `type` with `inputs` and the attributes of `from` to the scope's graph; its outputs 0..count-1.
absl::Status gradientNode(const tf::Scope& scope, const tf::Operation& from, const char* type, const std::vector<tf::Output>& inputs, const std::vector<const char*>& attributes,
                        int count, std::vector<tf::Output>* outputs);

}  // namespace archwalk
