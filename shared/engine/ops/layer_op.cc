// ArchwalkEncoderLayer: a pre-norm transformer encoder layer (parameters.ts has the formula), one state or a few at a time from norm
// to norm in cache; and its gradient.
#include "op_support.h"

namespace archwalk {
namespace {

constexpr int kParameters = 12;

using tf::shape_inference::InferenceContext;

REGISTER_OP("ArchwalkEncoderLayer")
    .Input("x: float")
    .Input("counts: int32")
    .Input("norm1_scale: float")
    .Input("norm1_bias: float")
    .Input("qkv_kernel: float")
    .Input("qkv_bias: float")
    .Input("output_kernel: float")
    .Input("output_bias: float")
    .Input("norm2_scale: float")
    .Input("norm2_bias: float")
    .Input("hidden_kernel: float")
    .Input("hidden_bias: float")
    .Input("final_kernel: float")
    .Input("final_bias: float")
    .Output("y: float")
    .Output("saved: float")
    .Attr("tokens: int >= 1")
    .Attr("heads: int >= 1")
    .Attr("epsilon: float")
    .Attr("differentiable: bool")
    .SetShapeFn([](InferenceContext* c) {
      c->set_output(0, c->input(0));
      c->set_output(1, c->Vector(InferenceContext::kUnknownDim));
      return absl::Status();
    })
    .Doc("x [B T, D], counts [B] of valid tokens after the first, the layer's parameters in order. saved is empty unless differentiable.");

REGISTER_OP("ArchwalkEncoderLayerGradient")
    .Input("x: float")
    .Input("counts: int32")
    .Input("norm1_scale: float")
    .Input("norm1_bias: float")
    .Input("qkv_kernel: float")
    .Input("qkv_bias: float")
    .Input("output_kernel: float")
    .Input("output_bias: float")
    .Input("norm2_scale: float")
    .Input("norm2_bias: float")
    .Input("hidden_kernel: float")
    .Input("hidden_bias: float")
    .Input("final_kernel: float")
    .Input("final_bias: float")
    .Input("saved: float")
    .Input("dy: float")
    .Output("dx: float")
    .Output("d_norm1_scale: float")
    .Output("d_norm1_bias: float")
    .Output("d_qkv_kernel: float")
    .Output("d_qkv_bias: float")
    .Output("d_output_kernel: float")
    .Output("d_output_bias: float")
    .Output("d_norm2_scale: float")
    .Output("d_norm2_bias: float")
    .Output("d_hidden_kernel: float")
    .Output("d_hidden_bias: float")
    .Output("d_final_kernel: float")
    .Output("d_final_bias: float")
    .Attr("tokens: int >= 1")
    .Attr("heads: int >= 1")
    .Attr("epsilon: float")
    .SetShapeFn([](InferenceContext* c) {
      c->set_output(0, c->input(0));
      for (int i = 0; i < kParameters; i++) c->set_output(1 + i, c->input(2 + i));
      return absl::Status();
    });

// Sizes common to both operations, and their checks.
class LayerOp : public KernelOp {
 public:
  explicit LayerOp(tf::OpKernelConstruction* construction) : KernelOp(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("tokens", &tokens_));
    OP_REQUIRES_OK(construction, construction->GetAttr("heads", &heads_));
    OP_REQUIRES_OK(construction, construction->GetAttr("epsilon", &epsilon_));
  }

 protected:
  // Fails the context, and gives false, unless the inputs fit each other.
  bool read(tf::OpKernelContext* context, LayerShape* shape, int64_t* states) const {
    const tf::Tensor& x = context->input(0);
    const tf::Tensor& counts = context->input(1);
    const auto fail = [&](const std::string& what) {
      context->CtxFailure(absl::InvalidArgumentError(what));
      return false;
    };
    if (x.dims() != 2 || counts.dims() != 1) return fail("an encoder layer takes x [B T, D] and counts [B], got " + x.shape().DebugString() + " and " + counts.shape().DebugString());
    const int64_t D = x.dim_size(1), G = context->input(2 + 8).NumElements() / std::max<int64_t>(D, 1);
    *shape = {tokens_, D, heads_, G, epsilon_};
    *states = counts.dim_size(0);
    if (x.dim_size(0) != *states * tokens_ || D < 1 || D % heads_ != 0) return fail("x must have T rows a state and heads divide its width, got " + x.shape().DebugString());
    const int64_t sizes[kParameters] = {D, D, 3 * D * D, 3 * D, D * D, D, D, D, D * G, G, G * D, D};
    for (int i = 0; i < kParameters; i++) {
      if (context->input(2 + i).NumElements() != sizes[i]) return fail("parameter " + std::to_string(i) + " must hold " + std::to_string(sizes[i]) + " values");
    }
    for (int64_t b = 0; b < *states; b++) {
      const int32_t count = counts.flat<int32_t>()(b);
      if (count < 0 || count >= tokens_) return fail("counts must be in 0.." + std::to_string(tokens_ - 1) + ", got " + std::to_string(count));
    }
    return true;
  }

  static LayerArrays<const float> parameters(tf::OpKernelContext* c) {
    const auto at = [&](int i) { return values(c->input(2 + i)); };
    return {at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), at(10), at(11)};
  }

  // The layer's four matrices packed for the products, or their transposes. `holder` keeps them.
  bool packMatrices(tf::OpKernelContext* context, const LayerShape& shape, const LayerArrays<const float>& p, bool transpose, tf::Tensor* holder, PackedLayer* packed) const {
    const int64_t D = shape.width, G = shape.feedForwardWidth;
    const struct {
      const float* from;
      int64_t rows, columns;
      const float** to;
    } matrices[] = {{p.qkvKernel, D, 3 * D, &packed->qkv}, {p.outputKernel, D, D, &packed->output}, {p.hiddenKernel, D, G, &packed->hidden}, {p.finalKernel, G, D, &packed->final}};
    int64_t total = 0;
    for (const auto& m : matrices) total += transpose ? kernels_->packedSize(m.columns, m.rows) : kernels_->packedSize(m.rows, m.columns);
    float* place = scratch(context, total, holder);
    if (place == nullptr) return false;
    for (const auto& m : matrices) {
      *m.to = place;
      if (transpose) kernels_->pack(m.columns, m.rows, m.from, 1, m.columns, place);
      else kernels_->pack(m.rows, m.columns, m.from, m.columns, 1, place);
      place += transpose ? kernels_->packedSize(m.columns, m.rows) : kernels_->packedSize(m.rows, m.columns);
    }
    return true;
  }

  static int64_t tiles(const LayerShape& shape, int64_t states) { return (states + shape.tileStates() - 1) / shape.tileStates(); }

 private:
  int64_t tokens_ = 0;
  int64_t heads_ = 0;
  float epsilon_ = 0;
};

class EncoderLayerOp : public LayerOp {
 public:
  explicit EncoderLayerOp(tf::OpKernelConstruction* construction) : LayerOp(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("differentiable", &differentiable_));
  }

  void Compute(tf::OpKernelContext* context) override {
    LayerShape shape{};
    int64_t states = 0;
    if (!read(context, &shape, &states)) return;
    const tf::Tensor& x = context->input(0);
    const int32_t* counts = context->input(1).flat<int32_t>().data();
    tf::Tensor *y = nullptr, *saved = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &y));
    const int64_t savedSize = differentiable_ ? x.dim_size(0) * shape.savedPerRow() : 0;
    OP_REQUIRES_OK(context, context->allocate_output(1, tf::TensorShape({savedSize}), &saved));
    const auto p = parameters(context);
    tf::Tensor packedHolder, scratchHolder;
    PackedLayer packed{};
    if (!packMatrices(context, shape, p, false, &packedHolder, &packed)) return;
    const int64_t each = kernels_->layerScratch(shape);
    float* space = scratch(context, each * workers(context), &scratchHolder);
    if (space == nullptr) return;
    const int64_t step = shape.tileStates(), T = shape.tokens, D = shape.width;
    const float* from = values(x);
    float* to = values(y);
    float* keep = differentiable_ ? values(saved) : nullptr;
    forEach(context, tiles(shape, states), [&](int64_t worker, int64_t tile) {
      const int64_t first = tile * step, count = std::min(step, states - first), row = first * T;
      kernels_->layer(shape, count, counts + first, from + row * D, p, packed, to + row * D, keep == nullptr ? nullptr : keep + row * shape.savedPerRow(), space + worker * each);
    });
  }

 private:
  bool differentiable_ = false;
};

REGISTER_KERNEL_BUILDER(Name("ArchwalkEncoderLayer").Device(tf::DEVICE_CPU), EncoderLayerOp);

// The parameters' gradients are summed per share of the states; shares are a fixed cut, so that the sums do not depend on which thread
// takes which.
class EncoderLayerGradientOp : public LayerOp {
 public:
  using LayerOp::LayerOp;

  void Compute(tf::OpKernelContext* context) override {
    LayerShape shape{};
    int64_t states = 0;
    if (!read(context, &shape, &states)) return;
    const tf::Tensor& x = context->input(0);
    const tf::Tensor& saved = context->input(2 + kParameters);
    const tf::Tensor& dy = context->input(3 + kParameters);
    OP_REQUIRES(context, saved.NumElements() == x.dim_size(0) * shape.savedPerRow() && dy.NumElements() == x.NumElements(),
                absl::InvalidArgumentError("the gradient of an encoder layer needs what a differentiable one saved, and dy like x"));
    tf::Tensor* dx = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &dx));
    float* outputs[kParameters];
    int64_t sizes[kParameters], total = 0;
    for (int i = 0; i < kParameters; i++) {
      tf::Tensor* gradient = nullptr;
      OP_REQUIRES_OK(context, context->allocate_output(1 + i, context->input(2 + i).shape(), &gradient));
      outputs[i] = values(gradient);
      sizes[i] = gradient->NumElements();
      total += sizes[i];
    }
    const int64_t tileCount = tiles(shape, states), shares = std::min(tileCount, 2 * workers(context));
    const auto p = parameters(context);
    tf::Tensor packedHolder, scratchHolder, sumHolder;
    PackedLayer transposed{};
    if (!packMatrices(context, shape, p, true, &packedHolder, &transposed)) return;
    const int64_t each = kernels_->layerGradientScratch(shape);
    float* space = scratch(context, each * workers(context), &scratchHolder);
    float* sums = scratch(context, total * shares, &sumHolder);
    if (space == nullptr || sums == nullptr) return;
    std::fill(sums, sums + total * shares, 0.0f);
    const int32_t* counts = context->input(1).flat<int32_t>().data();
    const float *from = values(x), *kept = values(saved), *arriving = values(dy);
    float* to = values(dx);
    const int64_t step = shape.tileStates(), T = shape.tokens, D = shape.width;
    forEach(context, shares, [&](int64_t worker, int64_t share) {
      const LayerArrays<float> d = arrays(sums + share * total, sizes);
      for (int64_t tile = share * tileCount / shares; tile < (share + 1) * tileCount / shares; tile++) {
        const int64_t first = tile * step, count = std::min(step, states - first), row = first * T;
        kernels_->layerGradient(shape, count, counts + first, from + row * D, p, transposed, kept + row * shape.savedPerRow(), arriving + row * D, to + row * D, d,
                                space + worker * each);
      }
    });
    addShares(context, sums, total, shares, sizes, outputs);
  }

 private:
  static LayerArrays<float> arrays(float* place, const int64_t* sizes) {
    float* at[kParameters];
    for (int i = 0; i < kParameters; place += sizes[i++]) at[i] = place;
    return {at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7], at[8], at[9], at[10], at[11]};
  }

  void addShares(tf::OpKernelContext* context, const float* sums, int64_t total, int64_t shares, const int64_t* sizes, float* const* outputs) const {
    int64_t offset = 0;
    for (int i = 0; i < kParameters; offset += sizes[i++]) {
      for (int64_t n = 0; n < sizes[i]; n++) {
        float sum = 0;
        for (int64_t share = 0; share < shares; share++) sum += sums[share * total + offset + n];
        outputs[i][n] = sum;
      }
    }
  }
};

REGISTER_KERNEL_BUILDER(Name("ArchwalkEncoderLayerGradient").Device(tf::DEVICE_CPU), EncoderLayerGradientOp);

absl::Status encoderLayerGradient(const tf::Scope& scope, const tf::Operation& op, const std::vector<tf::Output>& dy, std::vector<tf::Output>* gradients) {
  std::vector<tf::Output> inputs;
  for (int i = 0; i < 2 + kParameters; i++) inputs.push_back(op.input(i));
  inputs.push_back(op.output(1));
  inputs.push_back(dy[0]);
  std::vector<tf::Output> outputs;
  TF_RETURN_IF_ERROR(gradientNode(scope, op, "ArchwalkEncoderLayerGradient", inputs, {"tokens", "heads", "epsilon"}, 1 + kParameters, &outputs));
  gradients->push_back(outputs[0]);
  gradients->push_back(tf::NoGradient());
  gradients->insert(gradients->end(), outputs.begin() + 1, outputs.end());
  return scope.status();
}
REGISTER_GRADIENT_OP("ArchwalkEncoderLayer", encoderLayerGradient);

}  // namespace
}  // namespace archwalk
