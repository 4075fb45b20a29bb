// Scaled masked softmax attention of one state, head by head, in cache and without transposed copies in memory. Row t of qkv [T, 3D]
// holds query, key and value; head h owns columns h C .. of each third, C = D / H. Keys past `valid` are never read.
#pragma once
#include "gemm.h"
#include "kernels.h"

namespace archwalk::ARCHWALK_ISA {

// Scores are kept with rows of a whole number of panels, and computed to the end of the last one, so that every row is written by whole
// vectors; what lies past the valid keys is never read.
ARCHWALK_INLINE int64_t scoreStride(int64_t tokens) { return panels(tokens) * kNr; }

// Four score matrices' worth covers forward and backward, with packed operands.
inline int64_t attentionScratch(const LayerShape& shape) {
  const int64_t T = shape.tokens, C = shape.width / shape.heads;
  return 2 * T * scoreStride(T) + packedSize(C, T) + packedSize(T, C) + transposedScratch(T, T, C);
}

// Rows of scores to softmax weights over the first `valid` columns, but for the factor 1 / their sum, which goes to inverses [T]:
// multiplying it into the result's C columns is cheaper than into T weights.
ARCHWALK_INLINE void softmaxRows(int64_t T, int64_t valid, int64_t stride, float scale, float* scores, float* inverses) {
  for (int64_t t = 0; t < T; t++, scores += stride) {
    Vec tops = broadcast(scores[0]);
    const int64_t whole = valid - valid % kLanes;
    for (int64_t i = 0; i < whole; i += kLanes) tops = larger(tops, load(scores + i));
    float top = largestOf(tops);
    for (int64_t i = whole; i < valid; i++) top = larger(top, scores[i]);
    Vec total{};
    pieces(valid, [&](int64_t i, int64_t n) {
      Vec weight = exponential((loadPiece(scores + i, n) - top) * scale);
      for (int64_t lane = n; lane < kLanes; lane++) weight[lane] = 0;
      total += weight;
      store(scores + i, weight);
    });
    inverses[t] = 1.0f / sumOf(total);
  }
}

ARCHWALK_INLINE void multiplyRows(int64_t rows, int64_t columns, int64_t stride, const float* factors, float* x) {
  for (int64_t r = 0; r < rows; r++, x += stride) {
    pieces(columns, [&](int64_t i, int64_t n) { storePiece(x + i, loadPiece(x + i, n) * factors[r], n); });
  }
}

// The softmax weights of head h into `weights` [T, stride], without the factor that goes to inverses [T].
ARCHWALK_INLINE void headWeights(const LayerShape& shape, int64_t valid, const float* qkv, int64_t head, float* packed, float* weights, float* inverses) {
  const int64_t T = shape.tokens, D = shape.width, C = D / shape.heads;
  const float* query = qkv + head * C;
  pack(C, valid, query + D, 1, 3 * D, packed);
  gemm(T, scoreStride(valid), C, query, 3 * D, packed, weights, scoreStride(T), nullptr, false);
  softmaxRows(T, valid, scoreStride(T), 1.0f / squareRoot(static_cast<float>(C)), weights, inverses);
}

inline void attention(const LayerShape& shape, int64_t valid, const float* qkv, float* mixed, float* scratch) {
  const int64_t T = shape.tokens, D = shape.width, C = D / shape.heads;
  float* weights = scratch;
  float* inverses = weights + T * scoreStride(T);
  float* packed = scratch + 2 * T * scoreStride(T);
  for (int64_t head = 0; head < shape.heads; head++) {
    headWeights(shape, valid, qkv, head, packed, weights, inverses);
    float* values = packed + packedSize(C, T);
    pack(valid, C, qkv + 2 * D + head * C, 3 * D, 1, values);
    gemm(T, C, valid, weights, scoreStride(T), values, mixed + head * C, D, nullptr, false);
    multiplyRows(T, C, D, inverses, mixed + head * C);
  }
}

// d scores = P (dP - sum over keys of P dP), times the scale; P is the weights, dP in `gradients`, which it replaces.
ARCHWALK_INLINE void softmaxGradientRows(int64_t T, int64_t valid, int64_t stride, float scale, const float* weights, float* gradients) {
  for (int64_t t = 0; t < T; t++, weights += stride, gradients += stride) {
    Vec product{};
    pieces(valid, [&](int64_t i, int64_t n) { product += loadPiece(weights + i, n) * loadPiece(gradients + i, n); });
    const float sum = sumOf(product);
    pieces(valid, [&](int64_t i, int64_t n) { storePiece(gradients + i, loadPiece(weights + i, n) * (loadPiece(gradients + i, n) - sum) * scale, n); });
  }
}

// dqkv [T, 3D] is written whole: keys and values past `valid` get zero.
inline void attentionGradient(const LayerShape& shape, int64_t valid, const float* qkv, const float* dmixed, float* dqkv, float* scratch) {
  const int64_t T = shape.tokens, D = shape.width, C = D / shape.heads, stride = scoreStride(T);
  float* weights = scratch;
  float* gradients = weights + T * stride;
  float* packed = gradients + T * stride;
  float* rows = packed + packedSize(C, T);
  float* transposed = rows + packedSize(T, C);
  __builtin_memset(dqkv, 0, static_cast<size_t>(3 * T * D) * sizeof(float));
  for (int64_t head = 0; head < shape.heads; head++) {
    const float* query = qkv + head * C;
    headWeights(shape, valid, qkv, head, packed, weights, gradients);  // the inverses wait where the gradients come later
    multiplyRows(T, valid, stride, gradients, weights);
    gemmTransposed(T, valid, C, weights, stride, dmixed + head * C, D, dqkv + 2 * D + head * C, 3 * D, transposed);
    pack(C, valid, query + 2 * D, 1, 3 * D, packed);
    gemm(T, scoreStride(valid), C, dmixed + head * C, D, packed, gradients, stride, nullptr, false);
    softmaxGradientRows(T, valid, stride, 1.0f / squareRoot(static_cast<float>(C)), weights, gradients);
    pack(valid, C, query + D, 3 * D, 1, rows);
    gemm(T, C, valid, gradients, stride, rows, dqkv + head * C, 3 * D, nullptr, false);
    gemmTransposed(T, valid, C, gradients, stride, query, 3 * D, dqkv + D + head * C, 3 * D, transposed);
  }
}

}  // namespace archwalk::ARCHWALK_ISA
