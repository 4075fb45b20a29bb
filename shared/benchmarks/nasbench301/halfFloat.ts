/** @file IEEE 754 half precision, in which the embedded surrogate's weights are stored. Node 20 has no Float16Array. */

const scratch = new Float32Array(1);
const bits = new Uint32Array(scratch.buffer);

/** The uint16 of the half nearest to `value` (ties to even; beyond 65,504 infinity). */
export function toHalf(value: number): number {
  const magnitude = Math.abs(value);
  scratch[0] = value;
  const sign = ((bits[0] as number) >>> 16) & 0x8000;
  if (Number.isNaN(value)) return 0x7e00;
  if (magnitude >= 65_520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundToEven(magnitude * 2 ** 24);
  const exponent = Math.floor(Math.log2(Math.fround(magnitude)));
  return sign | ((exponent + 15) * 1024 + roundToEven((magnitude / 2 ** exponent - 1) * 1024));
}

function roundToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

/** The number a half stands for. */
export function fromHalf(half: number): number {
  const sign = (half & 0x8000) === 0 ? 1 : -1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
