// Read pictures that a visitor drops, pastes or chooses, and save canvases as PNG.

export class Unreadable extends Error {}

// The enlargement's pixels, which are held three times. More would end the page on many phones.
const MOST_PIXELS = 36e6;

// Return {data, width, height, stem} of a file; EXIF's orientation is applied.
export async function readPicture(file, scale) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { premultiplyAlpha: "none" });
  } catch {
    throw new Unreadable(`${file.name || "This"} is not a picture that this browser can read. PNG, JPEG and WebP work.`);
  }
  const { width, height } = bitmap;
  checkSize(width, height, scale);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const stem = (file.name || "picture").replace(/\.[^.]*$/, "") || "picture";
  return { data: context.getImageData(0, 0, width, height).data, width, height, stem };
}

export function checkSize(width, height, scale) {
  if (width * height * scale ** 2 > MOST_PIXELS) {
    throw new Unreadable(
      `${width} × ${height} pixels become ${Math.round((width * height * scale ** 2) / 1e6)} megapixels at ×${scale}. ` +
        `This page stops at ${MOST_PIXELS / 1e6}; python -m zoo upscale has no such limit.`,
    );
  }
}

export function canvasOf(pixels, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas;
}

export async function savePng(canvas, name) {
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
