// Enlarge a picture as `python -m zoo upscale` does: a network enlarges luma, and colour is enlarged bicubically.

import { axisOf, enlargePart } from "./bicubic.js";
import { fillWindow, fittingSide, tilesOf } from "./tiles.js";

const RED = 0.299;
const BLUE = 0.114;
// Luma in studio range, divided by 255. White and black are stretched by what rounding may have moved them.
const BLACK = 16 / 255;
const RANGE = 219 / 255;
const ROUNDING = 2 ** -18;
const SLOPE = (1 + 2 * ROUNDING) / RANGE;

// Grey values are weighted in this form so that three equal channels give exactly their value.
const grey = (data, at) => data[at + 1] + RED * (data[at] - data[at + 1]) + BLUE * (data[at + 2] - data[at + 1]);
const studio = (data, at) => BLACK + (grey(data, at) / 255) * RANGE;

export class Enlarging {
  // picture: {data, width, height}, RGBA with 8 bits. scale: a whole number.
  constructor(picture, scale) {
    this.picture = picture;
    this.scale = scale;
    this.across = axisOf(picture.width, scale);
    this.down = axisOf(picture.height, scale);
    this.isOpaque = isOpaque(picture.data);
    this.shown = this.isOpaque ? picture : { ...picture, data: withFilledColours(picture) };
    if (!this.isOpaque) this.weighed = { ...picture, data: weighedByAlpha(this.shown.data) };
  }

  target() {
    return new Uint8ClampedArray(4 * this.picture.width * this.picture.height * this.scale ** 2);
  }

  // Enlarge bicubically, part by part; `pause` is called after each with the share that is done.
  async bicubic(pause) {
    const target = this.target();
    const tiles = tilesOf(this.picture.width, this.picture.height, 256);
    for (const [number, tile] of tiles.entries()) {
      this.#write(target, tile, null);
      await pause((number + 1) / tiles.length);
    }
    return target;
  }

  // Enlarge with a network. networks: of the sizes `sides`, each a function from a window of floats to floats.
  async network(sides, halo, load, pause) {
    const { width, height } = this.picture;
    const chosen = fittingSide(width, height, sides, halo);
    const side = sides[chosen] + 2 * halo;
    const run = await load(chosen, side);
    const target = this.target();
    const window = new Float32Array(side * side);
    const tiles = tilesOf(width, height, sides[chosen]);
    let milliseconds = 0;
    for (const [number, tile] of tiles.entries()) {
      fillWindow(window, side, tile, halo, this.shown, studio);
      const start = performance.now();
      const luma = await run(window);
      milliseconds += performance.now() - start;
      this.#write(target, tile, { luma, line: side * this.scale, margin: halo * this.scale });
      await pause((number + 1) / tiles.length);
    }
    return { target, milliseconds };
  }

  // Write the enlargement of a tile. Red, green and blue of the bicubic enlargement are moved by the same amount, by
  // which the network's grey value differs from the bicubic one: joining grey and colour differences does just that.
  #write(target, tile, network) {
    const scale = this.scale;
    const box = {
      left: tile.left * scale,
      top: tile.top * scale,
      right: tile.right * scale,
      bottom: tile.bottom * scale,
    };
    const [across, down] = [this.across, this.down];
    const colours = enlargePart(this.shown, 4, 3, across, down, box);
    const alpha = this.isOpaque ? null : enlargePart(this.weighed, 4, 4, across, down, box);
    const line = 4 * this.picture.width * scale;
    const wide = box.right - box.left;
    for (let y = box.top, from = 0, pixel = 0; y < box.bottom; y++) {
      let to = y * line + 4 * box.left;
      let at = network ? (y - box.top + network.margin) * network.line + network.margin : 0;
      for (let x = 0; x < wide; x++, from += 3, to += 4, at++, pixel++) {
        const moved = network ? 255 * (network.luma[at] * SLOPE - (BLACK * SLOPE + ROUNDING)) - grey(colours, from) : 0;
        for (let channel = 0; channel < 3; channel++) {
          let value = colours[from + channel] + moved;
          if (alpha && alpha[4 * pixel + 3] > 0.5) {
            const mean = (255 * alpha[4 * pixel + channel]) / alpha[4 * pixel + 3];
            value = clipped(value) + clipped(mean) - clipped(colours[from + channel]);
          }
          target[to + channel] = value;
        }
        target[to + 3] = alpha ? alpha[4 * pixel + 3] : 255;
      }
    }
  }
}

const clipped = (value) => Math.min(Math.max(value, 0), 255);

function isOpaque(data) {
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return false;
  return true;
}

// Return premultiplied colours and alpha: only those can be averaged.
function weighedByAlpha(data) {
  const weighed = new Float32Array(data.length);
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3];
    for (let channel = 0; channel < 3; channel++) weighed[at + channel] = (data[at + channel] * alpha) / 255;
    weighed[at + 3] = alpha;
  }
  return weighed;
}

// Return the data with colours of invisible pixels taken from visible ones near them. Their own are arbitrary, often
// black, and a network would see an edge there.
function withFilledColours({ data, width, height }) {
  const filled = new Uint8ClampedArray(data);
  let known = new Uint8Array(width * height);
  for (let pixel = 0; pixel < known.length; pixel++) known[pixel] = data[4 * pixel + 3] ? 1 : 0;
  for (let reach = 0; reach < 24; reach++) {
    const next = new Uint8Array(known);
    for (let y = 0, pixel = 0; y < height; y++) {
      for (let x = 0; x < width; x++, pixel++) {
        if (known[pixel]) continue;
        const sum = [0, 0, 0];
        let count = 0;
        for (const [dx, dy] of [[-1, 0], [1, 0], [0, -1], [0, 1]]) {
          const near = pixel + dy * width + dx;
          if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height || !known[near]) continue;
          for (let channel = 0; channel < 3; channel++) sum[channel] += filled[4 * near + channel];
          count++;
        }
        if (!count) continue;
        for (let channel = 0; channel < 3; channel++) filled[4 * pixel + channel] = sum[channel] / count;
        next[pixel] = 1;
      }
    }
    known = next;
  }
  return filled;
}
