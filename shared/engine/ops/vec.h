// One vector register of floats, by the compiler's vector extensions; its length is the instruction set's. Everything lives in a
// namespace named after the instruction set and uses nothing inline from the standard library, so that no code of one set can be
// linked in place of another's.
#pragma once
#include <cstdint>

#if defined(__AVX512F__)
#define ARCHWALK_LANES 16
#elif defined(__AVX__)
#define ARCHWALK_LANES 8
#else
#define ARCHWALK_LANES 4
#endif

namespace archwalk::ARCHWALK_ISA {

constexpr int64_t kLanes = ARCHWALK_LANES;
typedef float Vec __attribute__((vector_size(ARCHWALK_LANES * 4)));
typedef int32_t IntVec __attribute__((vector_size(ARCHWALK_LANES * 4)));
// The same, at any address.
typedef float UnalignedVec __attribute__((vector_size(ARCHWALK_LANES * 4), aligned(4), may_alias));

#define ARCHWALK_INLINE inline __attribute__((always_inline))

ARCHWALK_INLINE Vec load(const float* p) { return *reinterpret_cast<const UnalignedVec*>(p); }
ARCHWALK_INLINE void store(float* p, Vec v) { *reinterpret_cast<UnalignedVec*>(p) = v; }
// x - 0 is x for every x, -0 too, so that this folds to one broadcast load.
ARCHWALK_INLINE Vec broadcast(float x) { return x - Vec{}; }

// v with its lanes exchanged in pairs at this distance, a power of two.
template <int kDistance>
ARCHWALK_INLINE Vec exchanged(Vec v) {
  IntVec order;
  for (int i = 0; i < kLanes; i++) order[i] = i ^ kDistance;
  return __builtin_shuffle(v, order);
}

ARCHWALK_INLINE float sumOf(Vec v) {
#if ARCHWALK_LANES == 16
  v += exchanged<8>(v);
#endif
#if ARCHWALK_LANES >= 8
  v += exchanged<4>(v);
#endif
  v += exchanged<2>(v);
  v += exchanged<1>(v);
  return v[0];
}

// The larger of each pair; NaN in b stays.
ARCHWALK_INLINE Vec larger(Vec a, Vec b) { return a > b ? a : b; }
ARCHWALK_INLINE float larger(float a, float b) { return a > b ? a : b; }
ARCHWALK_INLINE float largestOf(Vec v) {
#if ARCHWALK_LANES == 16
  v = larger(v, exchanged<8>(v));
#endif
#if ARCHWALK_LANES >= 8
  v = larger(v, exchanged<4>(v));
#endif
  v = larger(v, exchanged<2>(v));
  v = larger(v, exchanged<1>(v));
  return v[0];
}
ARCHWALK_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

ARCHWALK_INLINE float squareRoot(float x) { return __builtin_sqrtf(x); }

// e^x: x = n ln 2 + r with |r| <= ln 2 / 2, e^r by its Taylor series to r^7 (next term 5e-9), times 2^n by adding n to the exponent's
// bits. Adding 1.5 2^23 rounds to the nearest whole number and leaves it in the low bits. e^-87 (1.6e-38) below -87, e^88 above 88; NaN
// stays NaN.
ARCHWALK_INLINE Vec exponential(Vec x) {
  const Vec low = broadcast(-87.0f), high = broadcast(88.0f), shift = broadcast(12582912.0f);
  const Vec clamped = x < low ? low : (x > high ? high : x);
  const Vec shifted = clamped * 1.44269504f + shift;
  const Vec whole = shifted - shift;
  const Vec r = (clamped - whole * 0.693359375f) + whole * 2.12194440e-4f;
  const Vec r2 = r * r;
  const Vec series = (1.0f + r) + (0.5f + r * (1.0f / 6)) * r2 + ((1.0f / 24 + r * (1.0f / 120)) + (1.0f / 720 + r * (1.0f / 5040)) * r2) * (r2 * r2);
  IntVec n, bits;
  __builtin_memcpy(&n, &shifted, sizeof n);
  __builtin_memcpy(&bits, &series, sizeof bits);
  bits += n << 23;  // the shift's own bits fall off
  Vec result;
  __builtin_memcpy(&result, &bits, sizeof result);
  return x == x ? result : x;
}

// 1 - Phi(|x|) over the standard normal and its density's exponential e^(-x^2 / 2); erfc by Abramowitz and Stegun 7.1.26, absolute
// error 1.5e-7, without cancellation in the lower tail.
struct Normal {
  Vec tail;
  Vec density;  // e^(-x^2 / 2), without 1 / sqrt(2 pi)
};
ARCHWALK_INLINE Normal normalTail(Vec x) {
  const Vec size = x < 0 ? -x : x;
  const Vec t = 1.0f / (1.0f + (0.3275911f * 0.70710678f) * size);
  Vec p = broadcast(1.061405429f);
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const Vec density = exponential(x * x * -0.5f);
  return {0.5f * p * t * density, density};
}

// Loads `count` < kLanes floats, zero beyond.
ARCHWALK_INLINE Vec loadPart(const float* p, int64_t count) {
  Vec v{};
  for (int64_t i = 0; i < count; i++) v[i] = p[i];
  return v;
}
ARCHWALK_INLINE void storePart(float* p, Vec v, int64_t count) {
  for (int64_t i = 0; i < count; i++) p[i] = v[i];
}

// Calls body(offset, count) over `size` floats: count is kLanes but in a last, shorter piece.
template <typename Body>
ARCHWALK_INLINE void pieces(int64_t size, Body body) {
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) body(i, kLanes);
  if (i < size) body(i, size - i);
}
ARCHWALK_INLINE Vec loadPiece(const float* p, int64_t count) { return count == kLanes ? load(p) : loadPart(p, count); }
// x - mean, and 0 past `count`.
ARCHWALK_INLINE Vec loadCentred(const float* p, int64_t count, float mean) {
  if (count == kLanes) return load(p) - mean;
  Vec v{};
  for (int64_t i = 0; i < count; i++) v[i] = p[i] - mean;
  return v;
}
ARCHWALK_INLINE void storePiece(float* p, Vec v, int64_t count) {
  if (count == kLanes) store(p, v);
  else storePart(p, v, count);
}

}  // namespace archwalk::ARCHWALK_ISA
