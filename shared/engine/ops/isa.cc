// Which instruction set the operations use: the best this processor has, or the one that ARCHWALK_OPS_ISA names.
#include <cstdlib>
#include <cstring>

#include "kernels.h"

namespace archwalk {

extern const Kernels kernelsFor_generic;
#if defined(__x86_64__)
extern const Kernels kernelsFor_avx2;
extern const Kernels kernelsFor_avx512;
#endif

namespace {

const Kernels* choose() {
  const char* forced = std::getenv("ARCHWALK_OPS_ISA");
  const auto wanted = [&](const char* isa) { return forced == nullptr || *forced == '\0' || std::strcmp(forced, isa) == 0; };
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq");
  if (avx512 && wanted("avx512")) return &kernelsFor_avx512;
  if (avx2 && wanted("avx2")) return &kernelsFor_avx2;
#endif
  return wanted("generic") ? &kernelsFor_generic : nullptr;
}

}  // namespace

const Kernels* kernels() {
  static const Kernels* const chosen = choose();
  return chosen;
}

}  // namespace archwalk
