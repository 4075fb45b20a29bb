// ArchwalkTokenSum: ids uint16 [B, T, K] and a kernel [F, D] to the sum of each token's rows [B T, D], id F adding nothing; and its
// gradient by the kernel. The builder asks for the gradient by name: the kernel is far smaller than the result.
#include "op_support.h"

namespace archwalk {
namespace {

using tf::shape_inference::InferenceContext;

REGISTER_OP("ArchwalkTokenSum").Input("ids: uint16").Input("kernel: float").Output("y: float").SetShapeFn([](InferenceContext* c) {
  c->set_output(0, c->Matrix(InferenceContext::kUnknownDim, c->Dim(c->input(1), 1)));
  return absl::Status();
});
REGISTER_OP("ArchwalkTokenSumGradient").Input("ids: uint16").Input("kernel: float").Input("dy: float").Output("dkernel: float").SetShapeFn([](InferenceContext* c) {
  c->set_output(0, c->input(1));
  return absl::Status();
});

constexpr int64_t kChunk = 128;

class TokenOp : public KernelOp {
 public:
  using KernelOp::KernelOp;

 protected:
  struct Sizes {
    int64_t rows, K, F, D;
  };
  static bool read(tf::OpKernelContext* context, Sizes* sizes) {
    const tf::Tensor &ids = context->input(0), &kernel = context->input(1);
    if (ids.dims() != 3 || kernel.dims() != 2) {
      context->CtxFailure(invalid("a token sum takes ids [B, T, K] and kernel [F, D], got ", ids.shape().DebugString(), " and ", kernel.shape().DebugString()));
      return false;
    }
    *sizes = {ids.dim_size(0) * ids.dim_size(1), ids.dim_size(2), kernel.dim_size(0), kernel.dim_size(1)};
    return true;
  }
  static absl::Status outOfRange(int64_t F) { return invalid("feature ids must be in 0..", F); }
};

class TokenSumOp : public TokenOp {
 public:
  using TokenOp::TokenOp;
  void Compute(tf::OpKernelContext* context) override {
    Sizes s{};
    if (!read(context, &s)) return;
    tf::Tensor* y = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, tf::TensorShape({s.rows, s.D}), &y));
    const uint16_t* ids = context->input(0).flat<uint16_t>().data();
    const float* kernel = values(context->input(1));
    float* to = values(y);
    std::atomic<bool> valid{true};
    forEach(context, (s.rows + kChunk - 1) / kChunk, [&](int64_t, int64_t chunk) {
      const int64_t first = chunk * kChunk;
      if (!kernels_->tokenSum(std::min(kChunk, s.rows - first), s.K, s.F, s.D, ids + first * s.K, kernel, to + first * s.D)) valid = false;
    });
    OP_REQUIRES(context, valid, outOfRange(s.F));
  }
};
REGISTER_KERNEL_BUILDER(Name("ArchwalkTokenSum").Device(tf::DEVICE_CPU), TokenSumOp);

class TokenSumGradientOp : public TokenOp {
 public:
  using TokenOp::TokenOp;
  void Compute(tf::OpKernelContext* context) override {
    Sizes s{};
    if (!read(context, &s)) return;
    const tf::Tensor& dy = context->input(2);
    OP_REQUIRES(context, dy.NumElements() == s.rows * s.D, invalid("dy must be [B T, D], got ", dy.shape().DebugString()));
    tf::Tensor* dkernel = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, context->input(1).shape(), &dkernel));
    const int64_t size = s.F * s.D, shares = std::max<int64_t>(1, std::min((s.rows + kChunk - 1) / kChunk, 2 * workers(context)));
    tf::Tensor holder;
    float* sums = scratch(context, size * shares, &holder);
    if (sums == nullptr) return;
    std::fill(sums, sums + size * shares, 0.0f);
    const uint16_t* ids = context->input(0).flat<uint16_t>().data();
    const float* arriving = values(dy);
    std::atomic<bool> valid{true};
    forEach(context, shares, [&](int64_t, int64_t share) {
      const int64_t first = share * s.rows / shares, end = (share + 1) * s.rows / shares;
      if (!kernels_->tokenSumGradient(end - first, s.K, s.F, s.D, ids + first * s.K, arriving + first * s.D, sums + share * size)) valid = false;
    });
    OP_REQUIRES(context, valid, outOfRange(s.F));
    float* to = values(dkernel);
    for (int64_t i = 0; i < size; i++) {
      float sum = 0;
      for (int64_t share = 0; share < shares; share++) sum += sums[share * size + i];
      to[i] = sum;
    }
  }
};
REGISTER_KERNEL_BUILDER(Name("ArchwalkTokenSumGradient").Device(tf::DEVICE_CPU), TokenSumGradientOp);

}  // namespace
}  // namespace archwalk
