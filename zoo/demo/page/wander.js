// The third tab: move through the latent numbers of generators and of decoders.

import { Stopped } from "./engine.js";
import { $, imageOf, milliseconds, oneAtATime, option, paint, say } from "./helpers.js";
import { savePng } from "./pictures.js";

const CELLS = 7;
const KINDS = { vae: "VAE", dcgan: "DCGAN", sngan: "SNGAN" };
const SOURCES = { mnist: "digits", fashion_mnist: "clothes", cifar10: "photographs" };

export function startWandering(engine, generators) {
  const status = (text, problem = false) => say($("wander-said"), text, problem);
  const label = (model) => `${KINDS[model.family] ?? model.family}: ${SOURCES[model.source] ?? model.source}`;
  for (const model of generators) $("generator").append(option(model.name, label(model)));
  let corners = null;
  let call = null;
  const draw = oneAtATime(drawHere, (error) => {
    if (!(error instanceof Stopped)) status(`It did not work: ${error.message}.`, true);
  });

  const chosen = () => generators.find((model) => model.name === $("generator").value);

  // Mix the corners so that the mixture of normal numbers is as normal as they are: by the root of the squares' sum.
  function latentAt(across, down) {
    const shares = [(1 - across) * (1 - down), across * (1 - down), (1 - across) * down, across * down];
    const length = Math.hypot(...shares);
    return corners[0].map((_, at) => shares.reduce((sum, share, which) => sum + share * corners[which][at], 0) / length);
  }

  function ask(inputs, hear = {}) {
    const model = chosen();
    return engine.call("run", { file: model.file, shape: [1, model.latent], inputs }, hear);
  }

  async function restart() {
    const model = chosen();
    corners = [0, 1, 2, 3].map(() => Float32Array.from({ length: model.latent }, normal));
    $("across").value = $("down").value = 50;
    point();
    const [height, width, channels] = model.shape;
    const map = $("map");
    map.width = CELLS * width;
    map.height = CELLS * height;
    const inputs = [];
    for (let row = 0; row < CELLS; row++) {
      for (let column = 0; column < CELLS; column++) inputs.push(latentAt(column / (CELLS - 1), row / (CELLS - 1)));
    }
    const progress = ({ stage, share }) => {
      $("map-doing").textContent = stage === "runtime" ? "Loading the runtime, once" : "Drawing the map";
      $("map-progress").value = share;
    };
    call?.stop();
    const mine = ask(inputs, { progress });
    call = mine;
    $("map-doing").textContent = "Starting";
    const wait = setTimeout(() => call === mine && ($("map-work").hidden = false), 150);
    try {
      const { outputs } = await mine.done;
      if (call !== mine) return;
      const context = map.getContext("2d");
      outputs.forEach((values, number) => {
        const image = imageOf(values, height, width, channels);
        context.putImageData(image, (number % CELLS) * width, Math.floor(number / CELLS) * height);
      });
      await draw();
    } catch (error) {
      if (call === mine && !(error instanceof Stopped)) status(`It did not work: ${error.message}.`, true);
    } finally {
      clearTimeout(wait);
      if (call === mine) {
        call = null;
        $("map-work").hidden = true;
      }
    }
  }

  // Draw the picture at the sliders' place.
  async function drawHere() {
    if (!corners) return;
    const model = chosen();
    const { outputs, milliseconds: time } = await ask([latentAt($("across").value / 100, $("down").value / 100)]).done;
    if (model !== chosen()) return;
    paint($("drawn"), outputs[0], model.shape);
    $("save-drawn").disabled = false;
    status(`Across ${$("across").value}, down ${$("down").value}: drawn in ${milliseconds(time)}.`);
  }

  // The cells' middles are where the sliders' ends lie.
  function point() {
    const inset = 50 / CELLS;
    $("here").style.left = `${inset + ((100 - 2 * inset) * $("across").value) / 100}%`;
    $("here").style.top = `${inset + ((100 - 2 * inset) * $("down").value) / 100}%`;
  }

  function moved() {
    point();
    draw();
  }

  function pointed(event) {
    if (event.type === "pointermove" && !event.buttons) return;
    if (event.type === "pointerdown") $("map").setPointerCapture(event.pointerId);
    const box = $("map").getBoundingClientRect();
    const share = (value, size) => {
      const inset = 0.5 / CELLS;
      return Math.round(100 * Math.min(Math.max((value / size - inset) / (1 - 2 * inset), 0), 1));
    };
    $("across").value = share(event.clientX - box.left, box.width);
    $("down").value = share(event.clientY - box.top, box.height);
    moved();
  }

  for (const id of ["across", "down"]) $(id).addEventListener("input", moved);
  for (const kind of ["pointerdown", "pointermove"]) $("map").addEventListener(kind, pointed);
  $("generator").addEventListener("change", restart);
  $("wander-choices").addEventListener("submit", (event) => {
    event.preventDefault();
    restart();
  });
  $("save-drawn").addEventListener("click", () => savePng($("drawn"), `${chosen().name}.png`));
  paint($("drawn"), new Float32Array(28 * 28), [28, 28, 1]);
  point();
  status("New pictures loads the generator and draws a map of 49 pictures.");
}

// Return a number from a normal distribution (Box and Muller).
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
