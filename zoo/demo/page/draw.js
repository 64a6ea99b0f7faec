// The second tab: draw a digit, and see what the autoencoders and the classifier make of it.

import { Stopped } from "./engine.js";
import { $, milliseconds, oneAtATime, paint, radio, say } from "./helpers.js";

const SIZE = 28;
const BOX = 20;
const UPSAMPLERS = {
  subpixel: "Sub-pixel",
  transpose: "Transposed twin",
  transpose_2r: "Transposed, 2r",
  resize: "Resized",
};
const ORDER = Object.keys(UPSAMPLERS);

export function startDrawing(engine, autoencoders, classifier) {
  const paper = $("paper");
  const context = paper.getContext("2d", { willReadFrequently: true });
  const models = [...autoencoders].sort((a, b) => ORDER.indexOf(a.upsampler) - ORDER.indexOf(b.upsampler));
  const status = (text, problem = false) => say($("draw-said"), text, problem);
  const items = [item("What they see"), ...models.map((model) => item(UPSAMPLERS[model.upsampler] ?? model.upsampler))];
  let stroke = null;
  let turn = 0;
  const look = oneAtATime(redraw, (error) => {
    if (!(error instanceof Stopped)) status(`It did not work: ${error.message}.`, true);
  });

  function item(title) {
    const element = document.createElement("li");
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIZE;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", title);
    const name = document.createElement("strong");
    name.textContent = title;
    const [read, facts] = [document.createElement("span"), document.createElement("span")];
    element.append(canvas, name, read, facts);
    $("redrawn").append(element);
    return { canvas, read, facts };
  }

  function clear() {
    context.fillStyle = "#000";
    context.fillRect(0, 0, paper.width, paper.height);
    turn++;
    for (const each of items) {
      paint(each.canvas, new Float32Array(SIZE * SIZE), [SIZE, SIZE, 1]);
      each.read.textContent = each.facts.textContent = "";
    }
    for (const input of $("digits").querySelectorAll(":checked")) input.checked = false;
    status("Nothing drawn yet.");
  }

  const place = (event) => {
    const box = paper.getBoundingClientRect();
    const ratio = paper.width / box.width;
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  };
  const line = (from, to) => {
    context.strokeStyle = "#fff";
    context.lineWidth = 22;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
  };
  paper.addEventListener("pointerdown", (event) => {
    paper.setPointerCapture(event.pointerId);
    stroke = place(event);
    line(stroke, stroke);
    look();
  });
  paper.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    const next = place(event);
    line(stroke, next);
    stroke = next;
    look();
  });
  for (const end of ["pointerup", "pointercancel"]) paper.addEventListener(end, () => (stroke = null));
  $("clear").addEventListener("click", clear);
  for (let digit = 0; digit < 10; digit++) $("digits").append(...radio("digit", digit, String(digit), false));
  $("digits").addEventListener("change", ({ target }) => {
    const digit = target.value;
    clear();
    target.checked = true;
    context.fillStyle = "#fff";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = "600 230px system-ui, sans-serif";
    context.fillText(digit, paper.width / 2, paper.height / 2 + 12);
    look();
  });

  // Run everything on what is drawn now.
  async function redraw() {
    const digit = asInMnist(context.getImageData(0, 0, paper.width, paper.height));
    if (!digit) return;
    const mine = turn;
    const shape = [1, SIZE, SIZE, 1];
    const progress = ({ stage, share }) => {
      if (stage === "runtime") status(`Loading the runtime, once: ${Math.round(100 * share)} %`);
    };
    const ask = (file, inputs) => engine.call("run", { file, shape, inputs }, { progress }).done;
    paint(items[0].canvas, digit, [SIZE, SIZE, 1]);
    const made = [{ picture: digit }];
    for (const [number, model] of models.entries()) {
      const { outputs, milliseconds: time } = await ask(model.file, [digit]);
      if (mine !== turn) return;
      made.push({ picture: outputs[0], time });
      paint(items[number + 1].canvas, outputs[0], [SIZE, SIZE, 1]);
    }
    const { outputs } = await ask(classifier.file, made.map((each) => each.picture));
    if (mine !== turn) return;
    const read = outputs.map(likeliest);
    made.forEach(({ picture, time }, number) => {
      const { digit: value, share } = read[number];
      items[number].read.textContent = `reads ${value} (${Math.round(100 * share)} %)`;
      if (number) items[number].facts.textContent = `${psnr(picture, digit).toFixed(1)} dB, ${milliseconds(time)}`;
    });
    status(`Yours reads as ${read[0].digit}; redrawn, as ${read.slice(1).map((each) => each.digit).join(", ")}.`);
  }

  clear();
}

// Return a drawing as pictures of MNIST are made: scaled into 20x20 pixels, its centre of mass in the middle of 28x28.
function asInMnist({ data, width, height }) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[4 * (y * width + x)] < 32) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  if (right < 0) return null;
  const step = Math.max(right - left + 1, bottom - top + 1) / BOX;
  const [middleX, middleY] = centre(data, width, height);
  const small = new Float32Array(SIZE * SIZE);
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      small[y * SIZE + x] = mean(data, width, height, middleX + (x - SIZE / 2) * step, middleY + (y - SIZE / 2) * step, step);
    }
  }
  return small;
}

function centre(data, width, height) {
  let [sum, sumX, sumY] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = data[4 * (y * width + x)];
      sum += value;
      sumX += value * (x + 0.5);
      sumY += value * (y + 0.5);
    }
  }
  return [sumX / sum, sumY / sum];
}

function mean(data, width, height, left, top, step) {
  const samples = 8;
  let sum = 0;
  for (let row = 0; row < samples; row++) {
    for (let column = 0; column < samples; column++) {
      const x = Math.floor(left + ((column + 0.5) * step) / samples);
      const y = Math.floor(top + ((row + 0.5) * step) / samples);
      if (x >= 0 && x < width && y >= 0 && y < height) sum += data[4 * (y * width + x)];
    }
  }
  return sum / samples ** 2 / 255;
}

function likeliest(probabilities) {
  const share = Math.max(...probabilities);
  return { digit: probabilities.indexOf(share), share };
}

function psnr(one, other) {
  const error = one.reduce((sum, value, at) => sum + (value - other[at]) ** 2, 0) / one.length;
  return -10 * Math.log10(Math.max(error, 1e-10));
}
