// Small things that all tabs use.

export const $ = (id) => document.getElementById(id);

export function say(element, text, problem = false) {
  element.textContent = text;
  element.classList.toggle("problem", problem);
}

export function milliseconds(time) {
  return time < 9.95 ? `${time.toFixed(1)} ms` : `${Math.round(time).toLocaleString("en")} ms`;
}

export function option(value, text) {
  const element = document.createElement("option");
  element.value = value;
  element.textContent = text;
  return element;
}

// Return a label with a radio button, in a list.
export function radio(name, value, text, checked) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  Object.assign(input, { type: "radio", name, value, checked });
  label.append(input, text);
  return [label];
}

// Draw floats in 0..1, grey or RGB, on a canvas of their size.
export function paint(canvas, values, [height, width, channels]) {
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(imageOf(values, height, width, channels), 0, 0);
}

export function imageOf(values, height, width, channels) {
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      image.data[4 * pixel + channel] = 255 * values[channels * pixel + (channels === 3 ? channel : 0)];
    }
    image.data[4 * pixel + 3] = 255;
  }
  return image;
}

// Return a function that does the work, which takes a while; calls during that while are met by one more round.
export function oneAtATime(work, failed) {
  let isBusy = false;
  let isStale = false;
  return async () => {
    isStale = true;
    if (isBusy) return;
    isBusy = true;
    try {
      while (isStale) {
        isStale = false;
        await work();
      }
    } catch (error) {
      failed(error);
    } finally {
      isBusy = false;
    }
  };
}
