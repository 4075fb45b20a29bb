/** @file The normal distribution's tail, to full relative precision: p-values of hundreds of paired searches are far out in it. */

/**
 * P(Z >= z) of a standard normal Z. For z < 3 by the Taylor series of erf, beyond by the continued fraction of erfc
 * (Abramowitz and Stegun 7.1.6 and 7.1.14); relative error below 1e-12.
 */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const x = z / Math.SQRT2;
  return z < 3 ? 0.5 - 0.5 * erfSeries(x) : 0.5 * erfcFraction(x);
}

/** erf(x) = 2/sqrt(pi) e^(-x^2) sum over n of 2^n x^(2n+1) / (1 * 3 * ... * (2n+1)). */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** sqrt(pi) e^(x^2) erfc(x) = 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))), from the inside out. */
function erfcFraction(x: number): number {
  let fraction = x;
  for (let n = 120; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
