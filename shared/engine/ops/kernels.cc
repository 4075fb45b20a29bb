// Compiled once for each instruction set, with ARCHWALK_ISA naming it: the table of that set's kernels.
#include "kernels.h"

#include "layer.h"

#define ARCHWALK_TABLE_NAME_(isa) kernelsFor_##isa
#define ARCHWALK_TABLE_NAME(isa) ARCHWALK_TABLE_NAME_(isa)
#define ARCHWALK_STRING_(isa) #isa
#define ARCHWALK_STRING(isa) ARCHWALK_STRING_(isa)

namespace archwalk {

extern const Kernels ARCHWALK_TABLE_NAME(ARCHWALK_ISA);
const Kernels ARCHWALK_TABLE_NAME(ARCHWALK_ISA) = {
    ARCHWALK_STRING(ARCHWALK_ISA),
    ARCHWALK_ISA::packedSize,
    ARCHWALK_ISA::pack,
    ARCHWALK_ISA::gemm,
    ARCHWALK_ISA::layerNorm,
    ARCHWALK_ISA::layerNormGradient,
    ARCHWALK_ISA::biasGelu,
    ARCHWALK_ISA::biasGeluGradient,
    ARCHWALK_ISA::attentionScratch,
    ARCHWALK_ISA::attention,
    ARCHWALK_ISA::attentionGradient,
    ARCHWALK_ISA::tokenSum,
    ARCHWALK_ISA::tokenSumGradient,
    ARCHWALK_ISA::layerScratch,
    ARCHWALK_ISA::layer,
    ARCHWALK_ISA::layerGradientScratch,
    ARCHWALK_ISA::layerGradient,
    ARCHWALK_ISA::sumOfSquares,
    ARCHWALK_ISA::adam,
    ARCHWALK_ISA::rmspropCentred,
};

}  // namespace archwalk
