// ArchwalkApplyOptimizer: the update of optimizer.ts on flat variables, clip included, in one pass over memory after the one for the
// norm. A gradient whose norm is not finite changes nothing.
#include <cmath>
#include <cstring>

#include "op_support.h"
#include "tensorflow/core/framework/resource_mgr.h"
#include "tensorflow/core/framework/resource_var.h"

namespace archwalk {
namespace {

constexpr int kVariables = 3;
constexpr int64_t kChunk = 16384;

REGISTER_OP("ArchwalkApplyOptimizer")
    .Input("weights: resource")
    .Input("first_slot: resource")
    .Input("second_slot: resource")
    .Input("gradient: float")
    .Input("rate: float")
    .Output("norm: float")
    .Attr("kind: {'adam', 'rmsprop-centred'}")
    .Attr("clip_norm: float")
    .Attr("decay: float")
    .Attr("second_decay: float")
    .Attr("epsilon: float")
    .SetIsStateful()
    .SetShapeFn(tf::shape_inference::ScalarShape)
    .Doc("Adam uses decay and second_decay as beta1 and beta2; centred RMSProp uses decay alone. norm is the gradient's before clipping.");

class ApplyOptimizerOp : public KernelOp {
 public:
  explicit ApplyOptimizerOp(tf::OpKernelConstruction* construction) : KernelOp(construction) {
    std::string kind;
    OP_REQUIRES_OK(construction, construction->GetAttr("kind", &kind));
    adam_ = kind == "adam";
    OP_REQUIRES_OK(construction, construction->GetAttr("clip_norm", &clipNorm_));
    OP_REQUIRES_OK(construction, construction->GetAttr("decay", &decay_));
    OP_REQUIRES_OK(construction, construction->GetAttr("second_decay", &secondDecay_));
    OP_REQUIRES_OK(construction, construction->GetAttr("epsilon", &epsilon_));
  }

  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor& gradient = context->input(3);
    OP_REQUIRES(context, tf::TensorShapeUtils::IsScalar(context->input(4).shape()), invalid("rate must be a scalar, got ", context->input(4).shape().DebugString()));
    tf::Tensor* normOut = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, tf::TensorShape({}), &normOut));
    const int64_t size = gradient.NumElements();
    const float* g = values(gradient);
    const float norm = static_cast<float>(std::sqrt(sumOfSquares(context, size, g)));
    normOut->scalar<float>()() = norm;
    if (!std::isfinite(norm)) return;
    tf::core::RefCountPtr<tf::Var> variables[kVariables];
    float* at[kVariables];
    for (int i = 0; i < kVariables; i++) OP_REQUIRES_OK(context, tf::LookupResource(context, tf::HandleFromInput(context, i), &variables[i]));
    tf::mutex_lock weights(*variables[0]->mu()), first(*variables[1]->mu()), second(*variables[2]->mu());
    for (int i = 0; i < kVariables; i++) {
      OP_REQUIRES(context, variables[i]->tensor()->NumElements() == size, invalid("variable ", i, " must hold ", size, " values as the gradient does"));
      OP_REQUIRES_OK(context, own(context, variables[i]->tensor()));
      at[i] = values(variables[i]->tensor());
    }
    const float rate = context->input(4).scalar<float>()(), clip = norm > clipNorm_ ? clipNorm_ / norm : 1.0f;
    forEach(context, (size + kChunk - 1) / kChunk, [&](int64_t, int64_t chunk) {
      const int64_t from = chunk * kChunk, count = std::min(kChunk, size - from);
      if (adam_) kernels_->adam(count, at[0] + from, at[1] + from, at[2] + from, g + from, clip, rate, decay_, secondDecay_, epsilon_);
      else kernels_->rmspropCentred(count, at[0] + from, at[1] + from, at[2] + from, g + from, clip, rate, decay_, epsilon_);
    });
  }

 private:
  double sumOfSquares(tf::OpKernelContext* context, int64_t size, const float* g) const {
    const int64_t chunks = (size + kChunk - 1) / kChunk;
    std::vector<double> sums(chunks);
    forEach(context, chunks, [&](int64_t, int64_t chunk) { sums[chunk] = kernels_->sumOfSquares(std::min(kChunk, size - chunk * kChunk), g + chunk * kChunk); });
    double total = 0;
    for (double sum : sums) total += sum;
    return total;
  }

  // Gives the variable a buffer of its own where a reader still holds the present one.
  static absl::Status own(tf::OpKernelContext* context, tf::Tensor* tensor) {
    if (tensor->RefCountIsOne()) return absl::OkStatus();
    tf::Tensor copy;
    TF_RETURN_IF_ERROR(context->allocate_temp(tf::DT_FLOAT, tensor->shape(), &copy));
    std::memcpy(values(&copy), values(*tensor), tensor->TotalBytes());
    *tensor = copy;
    return absl::OkStatus();
  }

  bool adam_ = true;
  float clipNorm_ = 1, decay_ = 0, secondDecay_ = 0, epsilon_ = 0;
};
REGISTER_KERNEL_BUILDER(Name("ArchwalkApplyOptimizer").Device(tf::DEVICE_CPU), ApplyOptimizerOp);

}  // namespace
}  // namespace archwalk
