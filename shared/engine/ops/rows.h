// What works on rows alone: layer norm, GELU, sums over columns, token sums, and the optimizers' updates.
#pragma once
#include "kernels.h"
#include "vec.h"

namespace archwalk::ARCHWALK_ISA {

struct Moments {
  float mean;
  float inverse;  // 1 / sqrt(variance + epsilon)
};

ARCHWALK_INLINE Moments moments(int64_t D, const float* x, float epsilon) {
  Vec total{};
  pieces(D, [&](int64_t i, int64_t n) { total += loadPiece(x + i, n); });
  const float mean = sumOf(total) / static_cast<float>(D);
  Vec squares{};
  pieces(D, [&](int64_t i, int64_t n) {
    Vec centred = loadCentred(x + i, n, mean);
    squares += centred * centred;
  });
  return {mean, 1.0f / squareRoot(sumOf(squares) / static_cast<float>(D) + epsilon)};
}

inline void layerNorm(int64_t rows, int64_t D, const float* x, const float* residual, const float* scale, const float* bias, float epsilon, float* total, float* y) {
  for (int64_t r = 0; r < rows; r++, x += D, y += D) {
    const float* row = x;
    if (residual != nullptr) {
      pieces(D, [&](int64_t i, int64_t n) { storePiece(total + i, loadPiece(x + i, n) + loadPiece(residual + i, n), n); });
      row = total;
    }
    const Moments m = moments(D, row, epsilon);
    pieces(D, [&](int64_t i, int64_t n) {
      storePiece(y + i, (loadPiece(row + i, n) - m.mean) * m.inverse * loadPiece(scale + i, n) + loadPiece(bias + i, n), n);
    });
    if (residual != nullptr) {
      residual += D;
      total += D;
    }
  }
}

// With z the normalised row and g = dy scale: dx = (g - mean(g) - z mean(g z)) / sqrt(variance + epsilon).
inline void layerNormGradient(int64_t rows, int64_t D, const float* x, const float* scale, float epsilon, const float* dy, float* dx, bool accumulate, float* dscale, float* dbias) {
  for (int64_t r = 0; r < rows; r++, x += D, dy += D, dx += D) {
    const Moments m = moments(D, x, epsilon);
    Vec sum{}, product{};
    pieces(D, [&](int64_t i, int64_t n) {
      const Vec z = loadCentred(x + i, n, m.mean) * m.inverse;
      const Vec d = loadPiece(dy + i, n);
      const Vec g = d * loadPiece(scale + i, n);
      sum += g;
      product += g * z;
      storePiece(dscale + i, loadPiece(dscale + i, n) + d * z, n);
      storePiece(dbias + i, loadPiece(dbias + i, n) + d, n);
    });
    const float meanG = sumOf(sum) / static_cast<float>(D);
    const float meanGz = sumOf(product) / static_cast<float>(D);
    pieces(D, [&](int64_t i, int64_t n) {
      const Vec z = loadCentred(x + i, n, m.mean) * m.inverse;
      Vec d = (loadPiece(dy + i, n) * loadPiece(scale + i, n) - meanG - z * meanGz) * m.inverse;
      if (accumulate) d += loadPiece(dx + i, n);
      storePiece(dx + i, d, n);
    });
  }
}

inline void biasGelu(int64_t rows, int64_t G, const float* x, const float* bias, float* y) {
  for (int64_t r = 0; r < rows; r++, x += G, y += G) {
    pieces(G, [&](int64_t i, int64_t n) {
      Vec v = loadPiece(x + i, n);
      if (bias != nullptr) v += loadPiece(bias + i, n);
      const Vec tail = normalTail(v).tail;
      storePiece(y + i, v * (v < 0 ? tail : 1.0f - tail), n);
    });
  }
}

// gelu'(x) = Phi(x) + x phi(x).
inline void biasGeluGradient(int64_t rows, int64_t G, const float* x, const float* bias, const float* dy, float* dx, float* dbias) {
  for (int64_t r = 0; r < rows; r++, x += G, dy += G, dx += G) {
    pieces(G, [&](int64_t i, int64_t n) {
      Vec v = loadPiece(x + i, n);
      if (bias != nullptr) v += loadPiece(bias + i, n);
      const Normal normal = normalTail(v);
      const Vec slope = (v < 0 ? normal.tail : 1.0f - normal.tail) + v * normal.density * 0.398942280f;
      const Vec d = loadPiece(dy + i, n) * slope;
      storePiece(dx + i, d, n);
      if (dbias != nullptr) storePiece(dbias + i, loadPiece(dbias + i, n) + d, n);
    });
  }
}

// sums [N] += the rows of x [rows, N].
inline void addRows(int64_t rows, int64_t N, const float* x, float* sums) {
  for (int64_t r = 0; r < rows; r++, x += N) {
    pieces(N, [&](int64_t i, int64_t n) { storePiece(sums + i, loadPiece(sums + i, n) + loadPiece(x + i, n), n); });
  }
}

inline bool tokenSum(int64_t rows, int64_t K, int64_t F, int64_t D, const uint16_t* ids, const float* kernel, float* y) {
  for (int64_t r = 0; r < rows; r++, ids += K, y += D) {
    for (int64_t k = 0; k < K; k++) {
      if (ids[k] > F) return false;
    }
    pieces(D, [&](int64_t i, int64_t n) {
      Vec sum{};
      for (int64_t k = 0; k < K; k++) {
        if (ids[k] < F) sum += loadPiece(kernel + ids[k] * D + i, n);
      }
      storePiece(y + i, sum, n);
    });
  }
  return true;
}

inline bool tokenSumGradient(int64_t rows, int64_t K, int64_t F, int64_t D, const uint16_t* ids, const float* dy, float* dkernel) {
  for (int64_t r = 0; r < rows; r++, ids += K, dy += D) {
    for (int64_t k = 0; k < K; k++) {
      if (ids[k] > F) return false;
      if (ids[k] == F) continue;
      float* row = dkernel + ids[k] * D;
      pieces(D, [&](int64_t i, int64_t n) { storePiece(row + i, loadPiece(row + i, n) + loadPiece(dy + i, n), n); });
    }
  }
  return true;
}

inline double sumOfSquares(int64_t size, const float* x) {
  double total = 0;
  constexpr int64_t kRun = 256;  // f32 sums of this many squares, added in double
  for (int64_t from = 0; from < size; from += kRun) {
    Vec sum{};
    pieces(smaller(kRun, size - from), [&](int64_t i, int64_t n) {
      const Vec v = loadPiece(x + from + i, n);
      sum += v * v;
    });
    total += sumOf(sum);
  }
  return total;
}

ARCHWALK_INLINE Vec squareRoots(Vec v) {
  Vec roots;
  for (int i = 0; i < kLanes; i++) roots[i] = squareRoot(v[i]);
  return roots;
}

inline void adam(int64_t size, float* w, float* m, float* v, const float* g, float clip, float rate, float beta1, float beta2, float epsilon) {
  pieces(size, [&](int64_t i, int64_t n) {
    const Vec gradient = loadPiece(g + i, n) * clip;
    Vec first = loadPiece(m + i, n), second = loadPiece(v + i, n);
    first += (gradient - first) * (1.0f - beta1);
    second += (gradient * gradient - second) * (1.0f - beta2);
    storePiece(m + i, first, n);
    storePiece(v + i, second, n);
    storePiece(w + i, loadPiece(w + i, n) - first * rate / (squareRoots(second) + epsilon), n);
  });
}

inline void rmspropCentred(int64_t size, float* w, float* a, float* s, const float* g, float clip, float rate, float decay, float epsilon) {
  pieces(size, [&](int64_t i, int64_t n) {
    const Vec gradient = loadPiece(g + i, n) * clip;
    Vec mean = loadPiece(a + i, n), meanSquare = loadPiece(s + i, n);
    mean += (gradient - mean) * (1.0f - decay);
    meanSquare += (gradient * gradient - meanSquare) * (1.0f - decay);
    storePiece(a + i, mean, n);
    storePiece(s + i, meanSquare, n);
    const Vec variance = meanSquare - mean * mean;
    storePiece(w + i, loadPiece(w + i, n) - gradient * rate / squareRoots((variance < 0 ? Vec{} : variance) + epsilon), n);
  });
}

}  // namespace archwalk::ARCHWALK_ISA
