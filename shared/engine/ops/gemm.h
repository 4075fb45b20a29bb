// Matrix products of one thread on data in cache. B is packed into panels of kNr columns, k-major, in blocks of kKc rows; A is read in
// place, or packed where it is read along its columns. The inner kernel keeps kMr x kNr sums in registers.
#pragma once
#include "vec.h"

namespace archwalk::ARCHWALK_ISA {

constexpr int64_t kVectors = 2;
constexpr int64_t kNr = kVectors * kLanes;
constexpr int64_t kMr = ARCHWALK_LANES == 16 ? 12 : 6;
constexpr int64_t kKc = 384;

ARCHWALK_INLINE int64_t panels(int64_t N) { return (N + kNr - 1) / kNr; }

inline int64_t packedSize(int64_t K, int64_t N) { return K * panels(N) * kNr; }

// Packs element (k, n) at b[k * rowStride + n * columnStride] into [block of kKc][panel][k][kNr], zero past N.
inline void pack(int64_t K, int64_t N, const float* b, int64_t rowStride, int64_t columnStride, float* packed) {
  for (int64_t block = 0; block < K; block += kKc) {
    const int64_t depth = smaller(kKc, K - block);
    for (int64_t panel = 0; panel < N; panel += kNr) {
      const int64_t columns = smaller(kNr, N - panel);
      const float* from = b + block * rowStride + panel * columnStride;
      if (columnStride == 1 && columns == kNr) {
        for (int64_t k = 0; k < depth; k++, packed += kNr) {
          for (int64_t v = 0; v < kVectors; v++) store(packed + v * kLanes, load(from + k * rowStride + v * kLanes));
        }
        continue;
      }
      for (int64_t k = 0; k < depth; k++, packed += kNr) {
        for (int64_t n = 0; n < columns; n++) packed[n] = from[k * rowStride + n * columnStride];
        for (int64_t n = columns; n < kNr; n++) packed[n] = 0;
      }
    }
  }
}

// Where the sums of a block go.
struct Result {
  float* c;
  int64_t ldc;
  const float* bias;  // of the panel's first column, or null
  bool accumulate;
  int64_t columns;  // of the panel that exist
};

// kRows x kNr sums over `depth`: a(i, k) at a[i * rowStride + k * columnStride].
template <int kRows>
ARCHWALK_INLINE void block(int64_t depth, const float* a, int64_t rowStride, int64_t columnStride, const float* b, const Result& to) {
  Vec sums[kRows][kVectors];
  for (int i = 0; i < kRows; i++) {
    for (int v = 0; v < kVectors; v++) sums[i][v] = Vec{};
  }
  for (int64_t k = 0; k < depth; k++, b += kNr, a += columnStride) {
    Vec right[kVectors];
    for (int v = 0; v < kVectors; v++) right[v] = load(b + v * kLanes);
    for (int i = 0; i < kRows; i++) {
      const Vec left = broadcast(a[i * rowStride]);
      for (int v = 0; v < kVectors; v++) sums[i][v] += left * right[v];
    }
  }
  for (int i = 0; i < kRows; i++) {
    for (int v = 0; v < kVectors; v++) {
      const int64_t count = smaller(kLanes, to.columns - v * kLanes);
      if (count <= 0) break;
      float* place = to.c + i * to.ldc + v * kLanes;
      Vec sum = sums[i][v];
      if (to.bias != nullptr) sum += loadPiece(to.bias + v * kLanes, count);
      if (to.accumulate) sum += loadPiece(place, count);
      storePiece(place, sum, count);
    }
  }
}

template <int kRows>
void blockCall(int64_t depth, const float* a, int64_t rowStride, int64_t columnStride, const float* b, const Result& to) {
  if (columnStride == 1) block<kRows>(depth, a, rowStride, 1, b, to);
  else block<kRows>(depth, a, 1, columnStride, b, to);
}

typedef void (*BlockCall)(int64_t, const float*, int64_t, int64_t, const float*, const Result&);
constexpr BlockCall kBlocks[13] = {nullptr,       blockCall<1>, blockCall<2>, blockCall<3>, blockCall<4>,  blockCall<5>, blockCall<6>,
                                   blockCall<7>, blockCall<8>, blockCall<9>, blockCall<10>, blockCall<11>, blockCall<12>};

// Rows of the next block: even ones rather than a thin rest.
ARCHWALK_INLINE int64_t blockRows(int64_t left) {
  if (left >= 2 * kMr || left == kMr) return kMr;
  return left > kMr ? (left + 1) / 2 : left;
}

// C [M, N] = A [M, K] packedB (+ bias) or += .
inline void gemm(int64_t M, int64_t N, int64_t K, const float* a, int64_t lda, const float* packedB, float* c, int64_t ldc, const float* bias, bool accumulate) {
  for (int64_t kb = 0; kb < K; kb += kKc) {
    const int64_t depth = smaller(kKc, K - kb);
    for (int64_t panel = 0; panel < N; panel += kNr, packedB += depth * kNr) {
      for (int64_t row = 0; row < M;) {
        const int64_t rows = blockRows(M - row);
        const Result to{c + row * ldc + panel, ldc, kb == 0 && bias != nullptr ? bias + panel : nullptr, accumulate || kb > 0, smaller(kNr, N - panel)};
        kBlocks[rows](depth, a + row * lda + kb, lda, 1, packedB, to);
        row += rows;
      }
    }
  }
}

// Floats of scratch that gemmTransposed needs for a reduction of R rows, M columns of A and N of B.
ARCHWALK_INLINE int64_t transposedScratch(int64_t R, int64_t M, int64_t N) { return R * (M + kMr) + packedSize(R, N); }

// C [M, N] += A^T B with A [R, M] and B [R, N] row-major: the gradient of a kernel. R is a tile's rows, far below kKc times a few.
inline void gemmTransposed(int64_t R, int64_t M, int64_t N, const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ldc, float* scratch) {
  float* packedA = scratch;
  float* packedB = scratch + R * (M + kMr);
  pack(R, N, b, ldb, 1, packedB);
  float* to = packedA;
  for (int64_t row = 0; row < M;) {
    const int64_t rows = blockRows(M - row);
    for (int64_t r = 0; r < R; r++, to += rows) {
      for (int64_t i = 0; i < rows; i++) to[i] = a[r * lda + row + i];
    }
    row += rows;
  }
  for (int64_t kb = 0; kb < R; kb += kKc) {
    const int64_t depth = smaller(kKc, R - kb);
    for (int64_t panel = 0; panel < N; panel += kNr, packedB += depth * kNr) {
      const float* from = packedA;
      for (int64_t row = 0; row < M;) {
        const int64_t rows = blockRows(M - row);
        kBlocks[rows](depth, from + kb * rows, 1, rows, packedB, Result{c + row * ldc + panel, ldc, nullptr, true, smaller(kNr, N - panel)});
        from += R * rows;
        row += rows;
      }
    }
  }
}

}  // namespace archwalk::ARCHWALK_ISA
