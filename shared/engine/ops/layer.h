// One pre-norm encoder layer on one tile, forward and backward, everything in cache. Saved per tile of R rows, one after the other:
// qkv [R, 3D], mixed [R, D] (attention before its output projection), attended [R, D] (the residual stream between the halves),
// hidden [R, G] (before GELU). Norms and GELU are computed again.
#pragma once
#include "attention.h"
#include "rows.h"

namespace archwalk::ARCHWALK_ISA {

ARCHWALK_INLINE int64_t tileRows(const LayerShape& shape) { return shape.tileStates() * shape.tokens; }

struct Saved {
  float* qkv;
  float* mixed;
  float* attended;
  float* hidden;
};
ARCHWALK_INLINE Saved savedAt(float* place, int64_t rows, int64_t D) {
  return {place, place + rows * 3 * D, place + rows * 4 * D, place + rows * 5 * D};
}

inline int64_t layerScratch(const LayerShape& shape) {
  const int64_t R = tileRows(shape);
  return R * (shape.savedPerRow() + shape.width + shape.feedForwardWidth) + attentionScratch(shape);
}

inline void layer(const LayerShape& shape, int64_t states, const int32_t* counts, const float* x, const LayerArrays<const float>& p, const PackedLayer& packed, float* y,
                  float* saved, float* scratch) {
  const int64_t T = shape.tokens, D = shape.width, G = shape.feedForwardWidth, R = states * T;
  float* normed = scratch;
  float* activated = normed + R * D;
  float* rest = activated + R * G;
  const Saved s = savedAt(saved != nullptr ? saved : rest, R, D);
  float* inner = rest + R * shape.savedPerRow();

  layerNorm(R, D, x, nullptr, p.norm1Scale, p.norm1Bias, shape.epsilon, nullptr, normed);
  gemm(R, 3 * D, D, normed, D, packed.qkv, s.qkv, 3 * D, p.qkvBias, false);
  for (int64_t b = 0; b < states; b++) attention(shape, 1 + counts[b], s.qkv + b * T * 3 * D, s.mixed + b * T * D, inner);
  __builtin_memcpy(s.attended, x, static_cast<size_t>(R * D) * sizeof(float));
  gemm(R, D, D, s.mixed, D, packed.output, s.attended, D, p.outputBias, true);
  layerNorm(R, D, s.attended, nullptr, p.norm2Scale, p.norm2Bias, shape.epsilon, nullptr, normed);
  gemm(R, G, D, normed, D, packed.hidden, s.hidden, G, p.hiddenBias, false);
  biasGelu(R, G, s.hidden, nullptr, activated);
  __builtin_memcpy(y, s.attended, static_cast<size_t>(R * D) * sizeof(float));
  gemm(R, D, G, activated, G, packed.final, y, D, p.finalBias, true);
}

inline int64_t layerGradientScratch(const LayerShape& shape) {
  const int64_t R = tileRows(shape), D = shape.width, G = shape.feedForwardWidth;
  const int64_t widest = 3 * D > G ? 3 * D : G;
  const int64_t products = transposedScratch(R, widest, widest);
  const int64_t inner = attentionScratch(shape);
  return R * (6 * D + 2 * G) + (products > inner ? products : inner);
}

inline void layerGradient(const LayerShape& shape, int64_t states, const int32_t* counts, const float* x, const LayerArrays<const float>& p, const PackedLayer& transposed,
                          const float* saved, const float* dy, float* dx, const LayerArrays<float>& d, float* scratch) {
  const int64_t T = shape.tokens, D = shape.width, G = shape.feedForwardWidth, R = states * T;
  const Saved s = savedAt(const_cast<float*>(saved), R, D);  // read only
  float* normed = scratch;
  float* dnormed = normed + R * D;
  float* dmixed = dnormed + R * D;
  float* dqkv = dmixed + R * D;
  float* activated = dqkv + R * 3 * D;
  float* dhidden = activated + R * G;
  float* inner = dhidden + R * G;

  // y = attended + gelu(hidden) W + b
  biasGelu(R, G, s.hidden, nullptr, activated);
  gemmTransposed(R, G, D, activated, G, dy, D, d.finalKernel, D, inner);
  addRows(R, D, dy, d.finalBias);
  gemm(R, G, D, dy, D, transposed.final, activated, G, nullptr, false);
  biasGeluGradient(R, G, s.hidden, nullptr, activated, dhidden, d.hiddenBias);
  layerNorm(R, D, s.attended, nullptr, p.norm2Scale, p.norm2Bias, shape.epsilon, nullptr, normed);
  gemmTransposed(R, D, G, normed, D, dhidden, G, d.hiddenKernel, G, inner);
  gemm(R, D, G, dhidden, G, transposed.hidden, dnormed, D, nullptr, false);
  __builtin_memcpy(dx, dy, static_cast<size_t>(R * D) * sizeof(float));
  layerNormGradient(R, D, s.attended, p.norm2Scale, shape.epsilon, dnormed, dx, true, d.norm2Scale, d.norm2Bias);

  // attended = x + mixed W + b; dx holds its gradient
  gemmTransposed(R, D, D, s.mixed, D, dx, D, d.outputKernel, D, inner);
  addRows(R, D, dx, d.outputBias);
  gemm(R, D, D, dx, D, transposed.output, dmixed, D, nullptr, false);
  for (int64_t b = 0; b < states; b++) {
    attentionGradient(shape, 1 + counts[b], s.qkv + b * T * 3 * D, dmixed + b * T * D, dqkv + b * T * 3 * D, inner);
  }
  layerNorm(R, D, x, nullptr, p.norm1Scale, p.norm1Bias, shape.epsilon, nullptr, normed);
  gemmTransposed(R, D, 3 * D, normed, D, dqkv, 3 * D, d.qkvKernel, 3 * D, inner);
  addRows(R, 3 * D, dqkv, d.qkvBias);
  gemm(R, D, 3 * D, dqkv, 3 * D, transposed.qkv, dnormed, D, nullptr, false);
  layerNormGradient(R, D, x, p.norm1Scale, shape.epsilon, dnormed, dx, true, d.norm1Scale, d.norm1Bias);
}

}  // namespace archwalk::ARCHWALK_ISA
