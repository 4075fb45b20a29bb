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

// kRows x kNr sums over `depth`: a(i, k) at a[i * rowStride + k * columnStride]. They start from the bias or what stands in C. Whole
// panels take branches of their own, in which the sums never leave their registers.
template <int kRows>
ARCHWALK_INLINE void block(int64_t depth, const float* a, int64_t rowStride, int64_t columnStride, const float* b, const Result& to) {
  const bool whole = to.columns >= kNr;
  const auto lanes = [&](int v) { return smaller(kLanes, to.columns - v * kLanes); };
  Vec sums[kRows][kVectors];
  for (int v = 0; v < kVectors; v++) {
    Vec start{};
    if (to.bias != nullptr && lanes(v) > 0) start = whole ? load(to.bias + v * kLanes) : loadPiece(to.bias + v * kLanes, lanes(v));
    for (int i = 0; i < kRows; i++) sums[i][v] = start;
  }
  if (to.accumulate) {
    if (whole) {
      for (int i = 0; i < kRows; i++) {
        for (int v = 0; v < kVectors; v++) sums[i][v] += load(to.c + i * to.ldc + v * kLanes);
      }
    } else {
      for (int i = 0; i < kRows; i++) {
        for (int v = 0; v < kVectors; v++) sums[i][v] += loadPiece(to.c + i * to.ldc + v * kLanes, lanes(v));
      }
    }
  }
  for (int64_t k = 0; k < depth; k++, b += kNr, a += columnStride) {
    Vec right[kVectors];
    for (int v = 0; v < kVectors; v++) right[v] = load(b + v * kLanes);
    for (int i = 0; i < kRows; i++) {
      const Vec left = broadcast(a[i * rowStride]);
      for (int v = 0; v < kVectors; v++) sums[i][v] += left * right[v];
    }
  }
  if (whole) {
    for (int i = 0; i < kRows; i++) {
      for (int v = 0; v < kVectors; v++) store(to.c + i * to.ldc + v * kLanes, sums[i][v]);
    }
  } else {
    for (int i = 0; i < kRows; i++) {
      for (int v = 0; v < kVectors; v++) storePiece(to.c + i * to.ldc + v * kLanes, sums[i][v], lanes(v));
    }
  }
}

// `blocks` blocks of kRows rows, one below the other in A and C.
template <int kRows>
void blocksOf(int64_t blocks, int64_t depth, const float* a, int64_t rowStride, int64_t columnStride, int64_t blockStride, const float* b, Result to) {
  for (; blocks > 0; blocks--, a += blockStride, to.c += kRows * to.ldc) {
    if (columnStride == 1) block<kRows>(depth, a, rowStride, 1, b, to);
    else block<kRows>(depth, a, 1, columnStride, b, to);
  }
}

typedef void (*BlocksOf)(int64_t, int64_t, const float*, int64_t, int64_t, int64_t, const float*, Result);
constexpr BlocksOf kBlocks[13] = {nullptr,     blocksOf<1>, blocksOf<2>, blocksOf<3>,  blocksOf<4>,  blocksOf<5>, blocksOf<6>,
                                  blocksOf<7>, blocksOf<8>, blocksOf<9>, blocksOf<10>, blocksOf<11>, blocksOf<12>};

// How M rows are cut: whole blocks, then one or two even ones rather than a thin rest.
struct Cut {
  int64_t whole;
  int64_t rest[2];
};
ARCHWALK_INLINE Cut cutRows(int64_t M) {
  const int64_t left = M % kMr;
  if (left == 0 || M < kMr) return {M / kMr, {left, 0}};
  return {M / kMr - 1, {(left + kMr + 1) / 2, (left + kMr) / 2}};
}

// C [M, N] = A [M, K] packedB (+ bias) or += .
inline void gemm(int64_t M, int64_t N, int64_t K, const float* a, int64_t lda, const float* packedB, float* c, int64_t ldc, const float* bias, bool accumulate) {
  const Cut cut = cutRows(M);
  for (int64_t kb = 0; kb < K; kb += kKc) {
    const int64_t depth = smaller(kKc, K - kb);
    for (int64_t panel = 0; panel < N; panel += kNr, packedB += depth * kNr) {
      Result to{c + panel, ldc, kb == 0 && bias != nullptr ? bias + panel : nullptr, accumulate || kb > 0, smaller(kNr, N - panel)};
      kBlocks[kMr](cut.whole, depth, a + kb, lda, 1, kMr * lda, packedB, to);
      int64_t row = cut.whole * kMr;
      for (int64_t rows : cut.rest) {
        if (rows == 0) continue;
        to.c = c + row * ldc + panel;
        kBlocks[rows](1, depth, a + row * lda + kb, lda, 1, 0, packedB, to);
        row += rows;
      }
    }
  }
}

// Floats of scratch that gemmTransposed needs for a reduction of R rows, M columns of A and N of B.
ARCHWALK_INLINE int64_t transposedScratch(int64_t R, int64_t M, int64_t N) { return R * (M + kMr) + packedSize(R, N); }

// Columns 0..kColumns-1 of a [R, lda], row after row.
template <int kColumns>
ARCHWALK_INLINE void packColumns(int64_t R, const float* a, int64_t lda, float* to) {
  for (int64_t r = 0; r < R; r++, to += kColumns) {
    for (int i = 0; i < kColumns; i++) to[i] = a[r * lda + i];
  }
}
ARCHWALK_INLINE void packColumns(int64_t R, int64_t columns, const float* a, int64_t lda, float* to) {
  for (int64_t r = 0; r < R; r++, to += columns) {
    for (int64_t i = 0; i < columns; i++) to[i] = a[r * lda + i];
  }
}

// C [M, N] += A^T B with A [R, M] and B [R, N] row-major: the gradient of a kernel. R is a tile's rows, far below kKc times a few.
inline void gemmTransposed(int64_t R, int64_t M, int64_t N, const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ldc, float* scratch) {
  float* packedA = scratch;
  float* packedB = scratch + R * (M + kMr);
  pack(R, N, b, ldb, 1, packedB);
  const Cut cut = cutRows(M);
  const int64_t atRest = cut.whole * kMr;
  for (int64_t block = 0; block < cut.whole; block++) packColumns<kMr>(R, a + block * kMr, lda, packedA + block * kMr * R);
  for (int64_t i = 0, row = atRest; i < 2; row += cut.rest[i++]) packColumns(R, cut.rest[i], a + row, lda, packedA + row * R);
  for (int64_t kb = 0; kb < R; kb += kKc) {
    const int64_t depth = smaller(kKc, R - kb);
    for (int64_t panel = 0; panel < N; panel += kNr, packedB += depth * kNr) {
      Result to{c + panel, ldc, nullptr, true, smaller(kNr, N - panel)};
      kBlocks[kMr](cut.whole, depth, packedA + kb * kMr, 1, kMr, kMr * R, packedB, to);
      int64_t row = atRest;
      for (int64_t rows : cut.rest) {
        if (rows == 0) continue;
        to.c = c + row * ldc + panel;
        kBlocks[rows](1, depth, packedA + row * R + kb * rows, 1, rows, 0, packedB, to);
        row += rows;
      }
    }
  }
}

}  // namespace archwalk::ARCHWALK_ISA
