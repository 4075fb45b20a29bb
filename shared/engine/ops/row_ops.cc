// Operations on rows: layer norm with an optional residual, bias and GELU, token sums; and their gradients.
#include "op_support.h"

namespace archwalk {
namespace {

using tf::shape_inference::InferenceContext;

// Rows of one work item: small enough to spread, large enough to be worth a thread.
constexpr int64_t kChunk = 128;
int64_t chunks(int64_t rows) { return (rows + kChunk - 1) / kChunk; }

REGISTER_OP("ArchwalkLayerNorm").Input("x: float").Input("scale: float").Input("bias: float").Output("y: float").Attr("epsilon: float").SetShapeFn(tf::shape_inference::UnchangedShape);

REGISTER_OP("ArchwalkLayerNormGradient")
    .Input("x: float")
    .Input("scale: float")
    .Input("dy: float")
    .Output("dx: float")
    .Output("dscale: float")
    .Output("dbias: float")
    .Attr("epsilon: float")
    .SetShapeFn([](InferenceContext* c) {
      c->set_output(0, c->input(0));
      c->set_output(1, c->input(1));
      c->set_output(2, c->input(1));
      return absl::Status();
    });

class NormOp : public KernelOp {
 public:
  explicit NormOp(tf::OpKernelConstruction* construction) : KernelOp(construction) { OP_REQUIRES_OK(construction, construction->GetAttr("epsilon", &epsilon_)); }

 protected:
  float epsilon_ = 0;
};

class LayerNormOp : public NormOp {
 public:
  using NormOp::NormOp;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &x = context->input(0), &scale = context->input(1), &bias = context->input(2);
    OP_REQUIRES(context, x.dims() == 2 && scale.NumElements() == x.dim_size(1) && bias.NumElements() == x.dim_size(1),
                invalid("layer norm takes x [R, D], scale [D] and bias [D], got x ", x.shape().DebugString()));
    tf::Tensor* y = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &y));
    const int64_t rows = x.dim_size(0), D = x.dim_size(1);
    const float *from = values(x), *s = values(scale), *b = values(bias);
    float* to = values(y);
    forEach(context, chunks(rows), [&](int64_t, int64_t chunk) {
      const int64_t first = chunk * kChunk;
      kernels_->layerNorm(std::min(kChunk, rows - first), D, from + first * D, nullptr, s, b, epsilon_, nullptr, to + first * D);
    });
  }
};
REGISTER_KERNEL_BUILDER(Name("ArchwalkLayerNorm").Device(tf::DEVICE_CPU), LayerNormOp);

REGISTER_OP("ArchwalkAddLayerNorm")
    .Input("x: float")
    .Input("residual: float")
    .Input("scale: float")
    .Input("bias: float")
    .Output("y: float")
    .Output("total: float")
    .Attr("epsilon: float")
    .SetShapeFn([](InferenceContext* c) {
      c->set_output(0, c->input(0));
      c->set_output(1, c->input(0));
      return absl::OkStatus();
    })
    .Doc("total = x + residual, y = its layer norm, in one pass.");

class AddLayerNormOp : public NormOp {
 public:
  using NormOp::NormOp;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &x = context->input(0), &residual = context->input(1), &scale = context->input(2), &bias = context->input(3);
    OP_REQUIRES(context, x.dims() == 2 && residual.shape() == x.shape() && scale.NumElements() == x.dim_size(1) && bias.NumElements() == x.dim_size(1),
                invalid("residual and layer norm take x and residual [R, D], scale [D] and bias [D], got x ", x.shape().DebugString()));
    tf::Tensor *y = nullptr, *total = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &y));
    OP_REQUIRES_OK(context, context->allocate_output(1, x.shape(), &total));
    const int64_t rows = x.dim_size(0), D = x.dim_size(1);
    const float *from = values(x), *other = values(residual), *s = values(scale), *b = values(bias);
    float *to = values(y), *sum = values(total);
    forEach(context, chunks(rows), [&](int64_t, int64_t chunk) {
      const int64_t first = chunk * kChunk;
      kernels_->layerNorm(std::min(kChunk, rows - first), D, from + first * D, other + first * D, s, b, epsilon_, sum + first * D, to + first * D);
    });
  }
};
REGISTER_KERNEL_BUILDER(Name("ArchwalkAddLayerNorm").Device(tf::DEVICE_CPU), AddLayerNormOp);

// Column sums are made per share of the rows, a fixed cut, then added.
template <typename Body>
void addPerShare(const std::vector<float>& sums, int64_t size, int64_t shares, Body put) {
  for (int64_t i = 0; i < size; i++) {
    float sum = 0;
    for (int64_t share = 0; share < shares; share++) sum += sums[share * size + i];
    put(i, sum);
  }
}

class LayerNormGradientOp : public NormOp {
 public:
  using NormOp::NormOp;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &x = context->input(0), &scale = context->input(1), &dy = context->input(2);
    OP_REQUIRES(context, x.dims() == 2 && scale.NumElements() == x.dim_size(1) && dy.NumElements() == x.NumElements(),
                invalid("the gradient of layer norm takes x and dy [R, D] and scale [D], got x ", x.shape().DebugString()));
    tf::Tensor *dx = nullptr, *dscale = nullptr, *dbias = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &dx));
    OP_REQUIRES_OK(context, context->allocate_output(1, scale.shape(), &dscale));
    OP_REQUIRES_OK(context, context->allocate_output(2, scale.shape(), &dbias));
    const int64_t rows = x.dim_size(0), D = x.dim_size(1), shares = std::max<int64_t>(1, std::min(chunks(rows), 2 * workers(context)));
    std::vector<float> sums(2 * D * shares, 0.0f);
    const float *from = values(x), *s = values(scale), *arriving = values(dy);
    float* to = values(dx);
    forEach(context, shares, [&](int64_t, int64_t share) {
      const int64_t first = share * rows / shares, end = (share + 1) * rows / shares;
      float* place = sums.data() + share * 2 * D;
      kernels_->layerNormGradient(end - first, D, from + first * D, s, epsilon_, arriving + first * D, to + first * D, false, place, place + D);
    });
    addPerShare(sums, 2 * D, shares, [&](int64_t i, float sum) { (i < D ? values(dscale)[i] : values(dbias)[i - D]) = sum; });
  }
};
REGISTER_KERNEL_BUILDER(Name("ArchwalkLayerNormGradient").Device(tf::DEVICE_CPU), LayerNormGradientOp);

absl::Status layerNormGradient(const tf::Scope& scope, const tf::Operation& op, const std::vector<tf::Output>& dy, std::vector<tf::Output>* gradients) {
  return gradientNode(scope, op, "ArchwalkLayerNormGradient", {op.input(0), op.input(1), dy[0]}, {"epsilon"}, 3, gradients);
}
REGISTER_GRADIENT_OP("ArchwalkLayerNorm", layerNormGradient);

// The gradient that arrives at `total` joins the one through the norm; both go to x and to residual.
absl::Status addLayerNormGradient(const tf::Scope& scope, const tf::Operation& op, const std::vector<tf::Output>& dy, std::vector<tf::Output>* gradients) {
  std::vector<tf::Output> norm, sum;
  TF_RETURN_IF_ERROR(gradientNode(scope, op, "ArchwalkLayerNormGradient", {op.output(1), op.input(2), dy[0]}, {"epsilon"}, 3, &norm));
  TF_RETURN_IF_ERROR(gradientNode(scope, op, "AddV2", {norm[0], dy[1]}, {}, 1, &sum));
  *gradients = {sum[0], sum[0], norm[1], norm[2]};
  return scope.status();
}
REGISTER_GRADIENT_OP("ArchwalkAddLayerNorm", addLayerNormGradient);

REGISTER_OP("ArchwalkBiasGelu").Input("x: float").Input("bias: float").Output("y: float").SetShapeFn(tf::shape_inference::UnchangedShape);
REGISTER_OP("ArchwalkBiasGeluGradient")
    .Input("x: float")
    .Input("bias: float")
    .Input("dy: float")
    .Output("dx: float")
    .Output("dbias: float")
    .SetShapeFn([](InferenceContext* c) {
      c->set_output(0, c->input(0));
      c->set_output(1, c->input(1));
      return absl::Status();
    });

class BiasGeluOp : public KernelOp {
 public:
  using KernelOp::KernelOp;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &x = context->input(0), &bias = context->input(1);
    OP_REQUIRES(context, x.dims() == 2 && bias.NumElements() == x.dim_size(1), invalid("bias and GELU take x [R, G] and bias [G], got x ", x.shape().DebugString()));
    tf::Tensor* y = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &y));
    const int64_t rows = x.dim_size(0), G = x.dim_size(1);
    const float *from = values(x), *b = values(bias);
    float* to = values(y);
    forEach(context, chunks(rows), [&](int64_t, int64_t chunk) {
      const int64_t first = chunk * kChunk;
      kernels_->biasGelu(std::min(kChunk, rows - first), G, from + first * G, b, to + first * G);
    });
  }
};
REGISTER_KERNEL_BUILDER(Name("ArchwalkBiasGelu").Device(tf::DEVICE_CPU), BiasGeluOp);

class BiasGeluGradientOp : public KernelOp {
 public:
  using KernelOp::KernelOp;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &x = context->input(0), &bias = context->input(1), &dy = context->input(2);
    OP_REQUIRES(context, x.dims() == 2 && bias.NumElements() == x.dim_size(1) && dy.NumElements() == x.NumElements(),
                invalid("the gradient of bias and GELU takes x and dy [R, G] and bias [G], got x ", x.shape().DebugString()));
    tf::Tensor *dx = nullptr, *dbias = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &dx));
    OP_REQUIRES_OK(context, context->allocate_output(1, bias.shape(), &dbias));
    const int64_t rows = x.dim_size(0), G = x.dim_size(1), shares = std::max<int64_t>(1, std::min(chunks(rows), 2 * workers(context)));
    std::vector<float> sums(G * shares, 0.0f);
    const float *from = values(x), *b = values(bias), *arriving = values(dy);
    float* to = values(dx);
    forEach(context, shares, [&](int64_t, int64_t share) {
      const int64_t first = share * rows / shares, end = (share + 1) * rows / shares;
      kernels_->biasGeluGradient(end - first, G, from + first * G, b, arriving + first * G, to + first * G, sums.data() + share * G);
    });
    addPerShare(sums, G, shares, [&](int64_t i, float sum) { values(dbias)[i] = sum; });
  }
};
REGISTER_KERNEL_BUILDER(Name("ArchwalkBiasGeluGradient").Device(tf::DEVICE_CPU), BiasGeluGradientOp);

absl::Status biasGeluGradient(const tf::Scope& scope, const tf::Operation& op, const std::vector<tf::Output>& dy, std::vector<tf::Output>* gradients) {
  return gradientNode(scope, op, "ArchwalkBiasGeluGradient", {op.input(0), op.input(1), dy[0]}, {}, 2, gradients);
}
REGISTER_GRADIENT_OP("ArchwalkBiasGelu", biasGeluGradient);

}  // namespace
}  // namespace archwalk
