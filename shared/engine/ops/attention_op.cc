// ArchwalkAttention: scaled masked softmax attention of short sequences from one qkv matrix, states spread over threads, no transposed
// copies in memory; and its gradient, which computes the weights again.
#include "op_support.h"

namespace archwalk {
namespace {

using tf::shape_inference::InferenceContext;

REGISTER_OP("ArchwalkAttention")
    .Input("qkv: float")
    .Input("counts: int32")
    .Output("mixed: float")
    .Attr("tokens: int >= 1")
    .Attr("heads: int >= 1")
    .SetShapeFn([](InferenceContext* c) {
      tf::shape_inference::DimensionHandle width;
      TF_RETURN_IF_ERROR(c->Divide(c->Dim(c->input(0), 1), 3, true, &width));
      c->set_output(0, c->Matrix(c->Dim(c->input(0), 0), width));
      return absl::OkStatus();
    })
    .Doc("qkv [B T, 3D]: query, key, value; counts [B] of valid tokens after the first. mixed [B T, D].");

REGISTER_OP("ArchwalkAttentionGradient")
    .Input("qkv: float")
    .Input("counts: int32")
    .Input("dmixed: float")
    .Output("dqkv: float")
    .Attr("tokens: int >= 1")
    .Attr("heads: int >= 1")
    .SetShapeFn([](InferenceContext* c) {
      c->set_output(0, c->input(0));
      return absl::OkStatus();
    });

class AttentionOp : public KernelOp {
 public:
  explicit AttentionOp(tf::OpKernelConstruction* construction) : KernelOp(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("tokens", &tokens_));
    OP_REQUIRES_OK(construction, construction->GetAttr("heads", &heads_));
    gradient_ = construction->num_inputs() == 3;
  }

  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &qkv = context->input(0), &counts = context->input(1);
    OP_REQUIRES(context, qkv.dims() == 2 && counts.dims() == 1 && qkv.dim_size(0) == counts.dim_size(0) * tokens_ && qkv.dim_size(1) % (3 * heads_) == 0 && qkv.dim_size(1) > 0,
                invalid("attention takes qkv [B T, 3D], heads dividing D, and counts [B], got ", qkv.shape().DebugString(), " and ", counts.shape().DebugString()));
    const LayerShape shape{tokens_, qkv.dim_size(1) / 3, heads_, 0, 0};
    const int64_t states = counts.dim_size(0), T = tokens_, D = shape.width;
    const int32_t* valid = counts.flat<int32_t>().data();
    for (int64_t b = 0; b < states; b++) OP_REQUIRES(context, valid[b] >= 0 && valid[b] < T, invalid("counts must be in 0..", T - 1, ", got ", valid[b]));
    const float* arriving = nullptr;
    if (gradient_) {
      OP_REQUIRES(context, context->input(2).NumElements() == qkv.dim_size(0) * D, invalid("dmixed must be [B T, D], got ", context->input(2).shape().DebugString()));
      arriving = values(context->input(2));
    }
    tf::Tensor *result = nullptr, holder;
    OP_REQUIRES_OK(context, context->allocate_output(0, gradient_ ? qkv.shape() : tf::TensorShape({qkv.dim_size(0), D}), &result));
    const int64_t each = kernels_->attentionScratch(shape);
    float* space = scratch(context, each * workers(context), &holder);
    if (space == nullptr) return;
    const float* from = values(qkv);
    float* to = values(result);
    forEach(context, states, [&](int64_t worker, int64_t b) {
      const float* state = from + b * T * 3 * D;
      float* mine = space + worker * each;
      if (gradient_) kernels_->attentionGradient(shape, 1 + valid[b], state, arriving + b * T * D, to + b * T * 3 * D, mine);
      else kernels_->attention(shape, 1 + valid[b], state, to + b * T * D, mine);
    });
  }

 private:
  int64_t tokens_ = 0;
  int64_t heads_ = 0;
  bool gradient_ = false;
};
REGISTER_KERNEL_BUILDER(Name("ArchwalkAttention").Device(tf::DEVICE_CPU), AttentionOp);
REGISTER_KERNEL_BUILDER(Name("ArchwalkAttentionGradient").Device(tf::DEVICE_CPU), AttentionOp);

absl::Status attentionGradient(const tf::Scope& scope, const tf::Operation& op, const std::vector<tf::Output>& dy, std::vector<tf::Output>* gradients) {
  TF_RETURN_IF_ERROR(gradientNode(scope, op, "ArchwalkAttentionGradient", {op.input(0), op.input(1), dy[0]}, {"tokens", "heads"}, 1, gradients));
  gradients->push_back(tf::NoGradient());
  return scope.status();
}
REGISTER_GRADIENT_OP("ArchwalkAttention", attentionGradient);

}  // namespace
}  // namespace archwalk
