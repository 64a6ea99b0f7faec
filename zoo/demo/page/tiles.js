// Cut a picture into tiles for networks of fixed input sizes. A network's window is a tile with a halo of the pixels
// that its enlargement depends on. Beyond its edges the picture continues as its mirror image, the outermost pixels
// twice, as zoo.imaging.mirrored does.

const mirrored = (place, size) => {
  const within = ((place % (2 * size)) + 2 * size) % (2 * size);
  return Math.min(within, 2 * size - 1 - within);
};

// Return which size of tiles computes the fewest pixels, as an index of `sides`.
export function fittingSide(width, height, sides, halo) {
  const pixels = sides.map((side) => Math.ceil(width / side) * Math.ceil(height / side) * (side + 2 * halo) ** 2);
  return pixels.indexOf(Math.min(...pixels));
}

// Return {left, top, right, bottom} of all tiles, in pixels of the picture, row by row.
export function tilesOf(width, height, side) {
  const tiles = [];
  for (let top = 0; top < height; top += side) {
    for (let left = 0; left < width; left += side) {
      tiles.push({ left, top, right: Math.min(left + side, width), bottom: Math.min(top + side, height) });
    }
  }
  return tiles;
}

// Fill a square of floats with the window of a tile; `map` gives the value of the pixel at an offset into the data.
export function fillWindow(window, side, tile, halo, picture, map) {
  const columns = new Int32Array(side);
  for (let x = 0; x < side; x++) columns[x] = 4 * mirrored(tile.left - halo + x, picture.width);
  for (let y = 0, to = 0; y < side; y++) {
    const row = 4 * picture.width * mirrored(tile.top - halo + y, picture.height);
    for (let x = 0; x < side; x++) window[to++] = map(picture.data, row + columns[x]);
  }
}
