// Bicubic interpolation as zoo.imaging.enlarge computes it: Keys's kernel with a = -1/2 at 1,024 places per pixel;
// neighbours outside the picture count nothing, and the weights of the others are divided by their sum.

const keys = (distance) =>
  distance <= 1
    ? (1.5 * distance - 2.5) * distance * distance + 1
    : ((-0.5 * distance + 2.5) * distance - 4) * distance + 2;

// Return for each pixel of an enlarged axis the first of its four neighbours, and their weights.
export function axisOf(size, scale) {
  const first = new Int32Array(size * scale);
  const weights = new Float32Array(4 * size * scale);
  for (let place = 0; place < size * scale; place++) {
    const position = (place + 0.5) / scale - 0.5;
    const below = Math.floor(position);
    const near = Math.round((position - below) * 1024) / 1024;
    const taps = [near + 1, near, 1 - near, 2 - near].map(keys);
    let total = 0;
    first[place] = below - 1;
    for (let tap = 0; tap < 4; tap++) {
      const source = below - 1 + tap;
      if (source < 0 || source >= size) taps[tap] = 0;
      total += taps[tap];
    }
    for (let tap = 0; tap < 4; tap++) weights[4 * place + tap] = taps[tap] / total;
  }
  return { first, weights, size };
}

// Return a part of the enlargement, unclipped: floats, `channels` per pixel.
//
// source: {data, width, height}, data with `stride` numbers per pixel of which the first `channels` are taken.
// across, down: of axisOf for its width and height. box: {left, top, right, bottom} in pixels of the enlargement.
export function enlargePart(source, stride, channels, across, down, box) {
  const wide = box.right - box.left;
  const high = box.bottom - box.top;
  const begin = Math.max(0, down.first[box.top]);
  const end = Math.min(source.height, down.first[box.bottom - 1] + 4);
  const rows = new Float32Array((end - begin) * wide * channels);
  for (let y = begin, to = 0; y < end; y++) {
    const row = y * source.width * stride;
    for (let x = box.left; x < box.right; x++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let tap = 0; tap < 4; tap++) {
          const weight = across.weights[4 * x + tap];
          if (weight) sum += weight * source.data[row + (across.first[x] + tap) * stride + channel];
        }
        rows[to++] = sum;
      }
    }
  }
  const large = new Float32Array(wide * high * channels);
  const line = wide * channels;
  for (let y = box.top, to = 0; y < box.bottom; y++, to += line) {
    for (let tap = 0; tap < 4; tap++) {
      const weight = down.weights[4 * y + tap];
      if (!weight) continue;
      const from = (down.first[y] + tap - begin) * line;
      for (let each = 0; each < line; each++) large[to + each] += weight * rows[from + each];
    }
  }
  return large;
}
