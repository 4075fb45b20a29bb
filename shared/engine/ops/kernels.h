// The arithmetic of the custom operations, free of TensorFlow: plain functions on rows of f32, each of them for one thread. kernels.cc
// is compiled once per instruction set; `kernels()` gives the table that suits this processor.
#pragma once
#include <cstddef>
#include <cstdint>

namespace archwalk {

// Sizes of an encoder layer. A tile is a few whole states, enough rows to feed a matrix product and few enough to stay in cache.
struct LayerShape {
  int64_t tokens;            // T
  int64_t width;             // D
  int64_t heads;             // H
  int64_t feedForwardWidth;  // G
  float epsilon;

  // States of a tile: about 96 rows.
  int64_t tileStates() const { return tokens >= 64 ? 1 : (96 + tokens - 1) / tokens; }
  // Floats kept for the backward pass per row: qkv 3D, mixed D, attended D, hidden G.
  int64_t savedPerRow() const { return 5 * width + feedForwardWidth; }
  // Floats of the layer's parameters together, in the order of LayerParameters.
  int64_t parameters() const { return width * (4 * width + 2 * feedForwardWidth) + 9 * width + feedForwardWidth; }
};

// Pointers to a layer's parameters, or to places for their gradients, in the order of shared/agent/parameters.ts.
template <typename T>
struct LayerArrays {
  T* norm1Scale;
  T* norm1Bias;
  T* qkvKernel;  // [D, 3D]
  T* qkvBias;
  T* outputKernel;  // [D, D]
  T* outputBias;
  T* norm2Scale;
  T* norm2Bias;
  T* hiddenKernel;  // [D, G]
  T* hiddenBias;
  T* finalKernel;  // [G, D]
  T* finalBias;
};

// Matrices of a layer as the products read them, packed once an operation for all tiles.
struct PackedLayer {
  const float* qkv;
  const float* output;
  const float* hidden;
  const float* final;
};

struct Kernels {
  const char* isa;

  // Floats that `pack` writes for a matrix of K rows and N columns.
  int64_t (*packedSize)(int64_t K, int64_t N);
  // Packs B [K, N], element (k, n) at b[k * rowStride + n * columnStride].
  void (*pack)(int64_t K, int64_t N, const float* b, int64_t rowStride, int64_t columnStride, float* packed);
  // C [M, N] = A [M, K] packedB (+ bias), or += with `accumulate`. A row-major with `lda`, C with `ldc`.
  void (*gemm)(int64_t M, int64_t N, int64_t K, const float* a, int64_t lda, const float* packedB, float* c, int64_t ldc, const float* bias, bool accumulate);

  // y = (x (+ residual) - mean) / sqrt(variance + epsilon) * scale + bias on `rows` rows of D; `total` gets x + residual where given.
  void (*layerNorm)(int64_t rows, int64_t D, const float* x, const float* residual, const float* scale, const float* bias, float epsilon, float* total, float* y);
  // dx (+)= gradient of layerNorm at x; dscale and dbias are added to. scratch: none.
  void (*layerNormGradient)(int64_t rows, int64_t D, const float* x, const float* scale, float epsilon, const float* dy, float* dx, bool accumulate, float* dscale, float* dbias);

  // y = gelu(x + bias), bias may be null; and dx = dy gelu'(x + bias), dbias added to where given.
  void (*biasGelu)(int64_t rows, int64_t G, const float* x, const float* bias, float* y);
  void (*biasGeluGradient)(int64_t rows, int64_t G, const float* x, const float* bias, const float* dy, float* dx, float* dbias);

  // Attention of one state: qkv [T, 3D] to mixed [T, D], over the first `valid` tokens as keys.
  int64_t (*attentionScratch)(const LayerShape&);
  void (*attention)(const LayerShape&, int64_t valid, const float* qkv, float* mixed, float* scratch);
  void (*attentionGradient)(const LayerShape&, int64_t valid, const float* qkv, const float* dmixed, float* dqkv, float* scratch);

  // y [rows, D] = sum of the kernel rows named by ids uint16 [rows, K]; id F adds nothing. False if an id is above F.
  bool (*tokenSum)(int64_t rows, int64_t K, int64_t F, int64_t D, const uint16_t* ids, const float* kernel, float* y);
  bool (*tokenSumGradient)(int64_t rows, int64_t K, int64_t F, int64_t D, const uint16_t* ids, const float* dy, float* dkernel);

  // An encoder layer on one tile. `saved` is null, or gets what the gradient needs.
  int64_t (*layerScratch)(const LayerShape&);
  void (*layer)(const LayerShape&, int64_t states, const int32_t* counts, const float* x, const LayerArrays<const float>&, const PackedLayer&, float* y, float* saved, float* scratch);
  int64_t (*layerGradientScratch)(const LayerShape&);
  // `transposed` packs each matrix's transpose; dx is written, the parameters' gradients are added to.
  void (*layerGradient)(const LayerShape&, int64_t states, const int32_t* counts, const float* x, const LayerArrays<const float>&, const PackedLayer& transposed, const float* saved,
                        const float* dy, float* dx, const LayerArrays<float>& gradients, float* scratch);

  // sum of x^2 in double.
  double (*sumOfSquares)(int64_t size, const float* x);
  // optimizer.ts' updates of [size] values; the gradient is multiplied by `clip` first.
  void (*adam)(int64_t size, float* w, float* m, float* v, const float* g, float clip, float rate, float beta1, float beta2, float epsilon);
  void (*rmspropCentred)(int64_t size, float* w, float* a, float* s, const float* g, float clip, float rate, float decay, float epsilon);
};

// The table for this processor, or the one ARCHWALK_OPS_ISA names (generic, avx2, avx512); null if that one cannot run here.
const Kernels* kernels();

}  // namespace archwalk
