#include "op_support.h"

#include "absl/synchronization/blocking_counter.h"
#include "tensorflow/core/graph/node_builder.h"
#include "tensorflow/core/lib/core/threadpool.h"

namespace archwalk {
namespace {

tf::thread::ThreadPool* pool(tf::OpKernelContext* context) { return context->device()->tensorflow_cpu_worker_threads()->workers; }

}  // namespace

int64_t workers(tf::OpKernelContext* context) { return std::max(1, pool(context)->NumThreads()); }

void forEach(tf::OpKernelContext* context, int64_t items, const std::function<void(int64_t, int64_t)>& body) {
  std::atomic<int64_t> next{0};
  const auto work = [&](int64_t worker) {
    for (int64_t item = next++; item < items; item = next++) body(worker, item);
  };
  const int64_t helpers = std::min(workers(context), items) - 1;
  absl::BlockingCounter done(static_cast<int>(std::max<int64_t>(helpers, 0)));
  for (int64_t helper = 1; helper <= helpers; helper++) {
    pool(context)->Schedule([&work, &done, helper] {
      work(helper);
      done.DecrementCount();
    });
  }
  work(0);
  if (helpers > 0) done.Wait();
}

KernelOp::KernelOp(tf::OpKernelConstruction* construction) : tf::OpKernel(construction), kernels_(kernels()) {
  OP_REQUIRES(construction, kernels_ != nullptr, absl::FailedPreconditionError("ARCHWALK_OPS_ISA must be generic, avx2 or avx512 and run on this processor"));
}

float* KernelOp::scratch(tf::OpKernelContext* context, int64_t floats, tf::Tensor* holder) const {
  const absl::Status status = context->allocate_temp(tf::DT_FLOAT, tf::TensorShape({floats}), holder);
  if (!status.ok()) {
    context->CtxFailure(status);
    return nullptr;
  }
  return values(holder);
}

absl::Status gradientNode(const tf::Scope& scope, const tf::Operation& from, const char* type, const std::vector<tf::Output>& inputs, const std::vector<const char*>& attributes,
                        int count, std::vector<tf::Output>* outputs) {
  const std::string name = scope.GetUniqueNameForOp(type);
  tf::NodeBuilder builder(name, type);
  for (const tf::Output& input : inputs) builder.Input(input.node(), input.index());
  for (const char* attribute : attributes) {
    tf::AttrValue value = *from.node()->attrs().Find(attribute);
    builder.Attr(attribute, value);
  }
  scope.UpdateBuilder(&builder);
  tf::Node* node = nullptr;
  scope.UpdateStatus(builder.Finalize(scope.graph(), &node));
  if (!scope.ok()) return scope.status();
  scope.UpdateStatus(scope.DoShapeInference(node));
  for (int i = 0; i < count; i++) outputs->push_back(tf::Output(node, i));
  return scope.status();
}

}  // namespace archwalk
