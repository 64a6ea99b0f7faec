// The first tab: enlarge a picture with a network and its twin, and compare them with bicubic interpolation.

import { Stopped } from "./engine.js";
import { $, milliseconds, option, radio, say } from "./helpers.js";
import { Unreadable, canvasOf, checkSize, readPicture, savePng } from "./pictures.js";
import { NAMES, Viewer } from "./viewer.js";

const SAMPLE = "samples/cat.png";
const LABELS = { espcn: "ESPCN", fsrcnn: "FSRCNN", sesr: "SESR", span: "SPAN" };

export function startEnlarging(engine, models) {
  let picture = null;
  let scale = 2;
  let call = null;
  let shown = {};
  let asked = 0;
  const viewer = new Viewer(
    { canvas: $("view"), grip: $("wipe-grip"), left: $("label-left"), right: $("label-right") },
    {
      zoom: (percent) => ($("zoom-now").value = `${percent} %`),
      wipe: (share) => {
        $("wipe").value = 100 * share;
        viewer.wipe = share;
      },
    },
  );
  const status = (text, problem = false) => say($("said"), text, problem);

  // Networks by the label that all scales of one share.
  const label = (model) => (LABELS[model.family] ?? model.family) + (model.tag ? ` ${model.tag}` : "");
  const labels = [...new Set(models.map(label))];
  const scales = [...new Set(models.map((model) => model.scale))].sort();
  for (const each of labels) $("network").append(option(each, each));
  $("network").value = labels.find((each) => each === "SESR") ?? labels[0];
  for (const each of scales) $("scales").append(...radio("scale", each, `×${each}`, each === scale));
  const chosen = () => models.find((model) => label(model) === $("network").value && model.scale === scale);

  function allowScales() {
    for (const input of $("scales").querySelectorAll("input")) {
      input.disabled = !models.some((model) => label(model) === $("network").value && model.scale === Number(input.value));
    }
    if (!chosen()) {
      const first = $("scales").querySelector("input:not(:disabled)");
      first.checked = true;
      scale = Number(first.value);
    }
  }

  async function open(file) {
    const turn = ++asked;
    try {
      const read = await readPicture(file, scale);
      if (turn !== asked) return false;
      stop();
      picture = read;
    } catch (error) {
      status(error instanceof Unreadable ? error.message : `The picture cannot be read: ${error.message}`, true);
      return false;
    }
    status(`${picture.width} × ${picture.height} pixels are ready.`);
    return true;
  }

  // Run everything for the picture; with only bicubic interpolation while no network was asked for.
  async function enlarge(withNetwork) {
    if (!picture) return;
    stop();
    try {
      checkSize(picture.width, picture.height, scale);
    } catch (error) {
      return status(error.message, true);
    }
    const model = chosen();
    const size = { width: picture.width * scale, height: picture.height * scale };
    const now = picture;
    shown = {};
    clear();
    viewer.start(size);
    const doing = { bicubic: "Bicubic", runtime: "Loading the runtime, once", subpixel: "Sub-pixel", transpose: "Transposed" };
    const mine = engine.call(
      "enlarge",
      { picture: { data: now.data, width: now.width, height: now.height }, model: withNetwork ? model : { scale } },
      {
        progress: ({ stage, share }) => {
          $("doing").textContent = doing[stage];
          $("progress").value = share;
        },
        result: ({ form, pixels, milliseconds: time }) => {
          const canvas = canvasOf(pixels, size.width, size.height);
          const name = { bicubic: `bicubic_x${scale}`, subpixel: nameOf(model, "subpixel"), transpose: nameOf(model, "transpose") };
          shown[form] = { time, pixels, canvas, file: `${now.stem}-${name[form]}.png` };
          viewer.show(form, canvas);
          list(form);
        },
      },
    );
    call = mine;
    const wait = setTimeout(() => call === mine && ($("work").hidden = false), 150);
    $("doing").textContent = "Starting";
    $("progress").value = 0;
    try {
      await mine.done;
      if (call === mine) finished(size);
    } catch (error) {
      if (call !== mine) return;
      if (error instanceof Stopped) status("Cancelled.");
      else status(`It did not work: ${error.message}.`, true);
    } finally {
      clearTimeout(wait);
      if (call === mine) {
        call = null;
        $("work").hidden = true;
      }
    }
  }

  function stop() {
    call?.stop();
    call = null;
    $("work").hidden = true;
  }

  const nameOf = (model, form) =>
    model.name.replace(/_(subpixel|transpose)(?=\.|$)/, `_${form}`);

  function item(form) {
    return $("results").querySelector(`[data-form="${form}"]`);
  }

  function clear() {
    for (const form of Object.keys(NAMES)) {
      item(form).querySelector(".time").textContent = "";
      item(form).querySelector("i").style.width = 0;
      item(form).querySelector(".save").disabled = true;
    }
  }

  function list(form) {
    item(form).querySelector(".time").textContent = milliseconds(shown[form].time);
    item(form).querySelector(".save").disabled = false;
    const longest = Math.max(...Object.values(shown).map((each) => each.time));
    for (const each of Object.keys(shown)) {
      item(each).querySelector("i").style.width = `${(100 * shown[each].time) / longest}%`;
    }
  }

  function finished(size) {
    const text = `${picture.width} × ${picture.height} became ${size.width} × ${size.height} pixels.`;
    if (!shown.transpose) return status(text);
    const ratio = shown.transpose.time / shown.subpixel.time;
    const isClose = ratio > 0.95 && ratio < 1.05;
    const quicker = isClose ? "as long" : ratio > 1 ? `${ratio.toFixed(1)} times as long` : `${Math.round(100 * ratio)} % of the time`;
    const levels = largestDifference(shown.subpixel.pixels, shown.transpose.pixels);
    const same = levels ? `they differ by at most ${levels} grey level${levels > 1 ? "s" : ""} of 255` : "they are the same, pixel by pixel";
    status(`${text} The transposed twin took ${quicker}; ${same}.`);
  }

  $("choices").addEventListener("submit", (event) => {
    event.preventDefault();
    enlarge(true);
  });
  $("choices").addEventListener("change", ({ target }) => {
    if (target.id === "file" || target.id === "on") return;
    if (target.name === "scale") scale = Number(target.value);
    allowScales();
    // Once a network has run, another choice shows at once what it does.
    if (target.name === "scale" || shown.subpixel) enlarge(Boolean(shown.subpixel));
  });
  $("on").addEventListener("change", async () => {
    if ($("on").value === "webgpu" && !(await navigator.gpu.requestAdapter())) {
      $("on").value = "wasm";
      return status("This browser has no graphics card for the page; the processor goes on.", true);
    }
    engine.use($("on").value);
    if (shown.subpixel) enlarge(true);
  });
  $("cancel").addEventListener("click", () => call?.stop());
  $("choose").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", async () => {
    const [file] = $("file").files;
    $("file").value = "";
    if (file && (await open(file))) enlarge(true);
  });
  const openSample = async () => {
    const answer = await fetch(SAMPLE);
    const file = new File([await answer.blob()], "cat.png");
    return open(file);
  };
  $("sample").addEventListener("click", async () => (await openSample()) && enlarge(true));
  $("wipe").addEventListener("input", () => (viewer.wipe = $("wipe").value / 100));
  $("zoom-in").addEventListener("click", () => viewer.zoomBy(1.5));
  $("zoom-out").addEventListener("click", () => viewer.zoomBy(1 / 1.5));
  $("zoom-fit").addEventListener("click", () => viewer.fit());
  $("beside").addEventListener("click", () => {
    const pressed = $("beside").getAttribute("aria-pressed") !== "true";
    $("beside").setAttribute("aria-pressed", pressed);
    $("wipe").disabled = pressed;
    $("stage").classList.toggle("beside", pressed);
    viewer.isBeside = pressed;
  });
  for (const [number, form] of Object.keys(NAMES).entries()) {
    item(form).querySelector(".name").addEventListener("click", () => {
      $("wipe").value = 50 * number;
      viewer.wipe = number / 2;
    });
    item(form).querySelector(".save").addEventListener("click", () => savePng(shown[form].canvas, shown[form].file));
    item(form).querySelector(".save").setAttribute("aria-label", `Save ${NAMES[form]} as PNG`);
  }
  for (const kind of ["dragenter", "dragover"]) {
    addEventListener(kind, (event) => {
      event.preventDefault();
      $("drop").hidden = false;
    });
  }
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) $("drop").hidden = true;
  });
  addEventListener("drop", async (event) => {
    event.preventDefault();
    $("drop").hidden = true;
    const [file] = event.dataTransfer.files;
    if (file && (await open(file))) enlarge(true);
    else if (!file) status("Only files can be dropped here.", true);
  });
  addEventListener("paste", async (event) => {
    const file = [...event.clipboardData.files][0];
    if (file && (await open(file))) enlarge(true);
  });

  // The runtime waits for graphics cards by a feature that not all browsers with WebGPU have.
  if (navigator.gpu && "Suspending" in WebAssembly) $("on-label").hidden = false;
  allowScales();
  openSample().then((isOpen) => isOpen && enlarge(false).then(() => status("A cat to begin with. Enlarge loads 3 MB, once; or drop a picture of your own.")));
}

function largestDifference(one, other) {
  let largest = 0;
  for (let at = 0; at < one.length; at++) largest = Math.max(largest, Math.abs(one[at] - other[at]));
  return largest;
}
