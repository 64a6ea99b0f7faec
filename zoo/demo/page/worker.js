// Run networks away from the page's own thread. This is a classic worker, since the runtime loads its WebAssembly by
// importScripts.

"use strict";

const RUNTIME = "runtime/";
const modules = Promise.all([import("./enlarging.js"), import("./" + RUNTIME + "litert.js")]);
const stopped = new Set();
const kept = new Map();
const MOST_KEPT = 12;
const usesGraphicsCard = new URLSearchParams(self.location.search).get("on") === "webgpu";
let runtime;

self.onmessage = async ({ data: request }) => {
  const { id, kind } = request;
  if (kind === "stop") {
    stopped.add(request.which);
    return;
  }
  try {
    const answer = await { enlarge, run }[kind](request);
    self.postMessage({ id, answer });
  } catch (error) {
    const stop = error instanceof Stopped;
    self.postMessage({ id, error: stop ? "stopped" : String(error?.message ?? error), stop });
  } finally {
    stopped.delete(id);
  }
};

class Stopped extends Error {}

// Load the runtime once; a failure may be tried again.
function loadedRuntime(report) {
  runtime ??= load(report).catch((error) => {
    runtime = undefined;
    throw error;
  });
  return runtime;
}

async function load(report) {
  const [, litert] = await modules;
  const facts = await (await fetched(RUNTIME + "runtime.json")).json();
  const isRelaxed = await litert.supportsFeature("relaxedSimd");
  const isThreaded = isRelaxed && self.crossOriginIsolated && navigator.hardwareConcurrency > 1;
  const variant = usesGraphicsCard ? "jspi_" : isThreaded ? "threaded_" : isRelaxed ? "" : "compat_";
  const name = `litert_wasm_${variant}internal`;
  const script = new URL(`${RUNTIME}${name}.js`, self.location.href).href;
  const wasm = `${name}.wasm`;
  const binary = await downloaded(RUNTIME + wasm, facts.bytes[wasm], report);
  // The runtime writes what it does to the console, as if it were an error.
  const quiet = () => {};
  self.Module = { wasmBinary: binary, mainScriptUrlOrBlob: script, print: quiet, printErr: quiet };
  self.Module.locateFile = (file) => new URL(RUNTIME + file, self.location.href).href;
  if (!usesGraphicsCard) hideGraphicsCard();
  await litert.loadLiteRt(script);
  return litert;
}

// The runtime looks for a graphics card by itself, and complains if there is none.
function hideGraphicsCard() {
  const adapter = { limits: {}, features: new Set(), requestDevice: async () => null };
  Object.defineProperty(self.navigator, "gpu", { value: { requestAdapter: async () => adapter }, configurable: true });
}

async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} cannot be loaded: ${answer.status}`);
  return answer;
}

// Return a file's bytes. The size is not that of the transfer if the server compresses.
async function downloaded(address, size, report) {
  const answer = await fetched(address);
  const bytes = new Uint8Array(size);
  let received = 0;
  const reader = answer.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (received + value.length > size) break;
    bytes.set(value, received);
    received += value.length;
    report({ stage: "runtime", share: received / size });
  }
  if (received !== size) throw new Error(`${address} was not loaded whole; reload the page`);
  return bytes;
}

// Return a function that runs a model once: from floats to floats.
async function loadedModel(file, shape, report) {
  const litert = await loadedRuntime(report);
  if (!kept.has(file)) {
    if (kept.size >= MOST_KEPT) {
      const [oldest, model] = kept.entries().next().value;
      kept.delete(oldest);
      model.delete();
    }
    const bytes = new Uint8Array(await (await fetched("models/" + file)).arrayBuffer());
    kept.set(file, await compiled(litert, bytes));
  }
  const model = kept.get(file);
  kept.delete(file);
  kept.set(file, model);
  return async (values) => {
    const input = new litert.Tensor(values, shape);
    let outputs = [];
    try {
      outputs = await model.run([input]);
      return await outputs[0].data();
    } finally {
      input.delete();
      for (const output of outputs) output.delete();
    }
  };
}

function compiled(litert, bytes) {
  // Half precision would be faster on some graphics cards, and pictures would differ from those of other machines.
  const options = usesGraphicsCard
    ? { accelerator: "webgpu", gpuOptions: { precision: "fp32" } }
    : { accelerator: "wasm" };
  return litert.loadAndCompile(bytes, options);
}

// Return a function that reports a share, lets a request to stop arrive, and obeys it.
function pausing(id, stage) {
  const channel = new MessageChannel();
  let last = performance.now();
  return async (share) => {
    if (performance.now() - last < 30 && share < 1) return;
    last = performance.now();
    self.postMessage({ id, progress: { stage, share } });
    await new Promise((resolve) => {
      channel.port1.onmessage = resolve;
      channel.port2.postMessage(0);
    });
    if (stopped.has(id)) throw new Stopped();
  };
}

// Enlarge a picture bicubically and in both forms of a network. Each result is posted as soon as it is there.
async function enlarge({ id, picture, model }) {
  const [{ Enlarging }] = await modules;
  const enlarging = new Enlarging(picture, model.scale);
  const report = (progress) => self.postMessage({ id, progress });
  const post = (form, pixels, milliseconds) =>
    self.postMessage({ id, result: { form, pixels, milliseconds } }, [pixels.buffer]);
  const start = performance.now();
  const bicubic = await enlarging.bicubic(pausing(id, "bicubic"));
  post("bicubic", bicubic, performance.now() - start);
  for (const form of model.forms ? ["subpixel", "transpose"] : []) {
    const load = async (chosen, side) => {
      const run = await loadedModel(model.forms[form][chosen], [1, side, side, 1], report);
      // The first run prepares the weights and is slower.
      await run(new Float32Array(side * side));
      return run;
    };
    const { target, milliseconds } = await enlarging.network(model.tiles, model.halo, load, pausing(id, form));
    post(form, target, milliseconds);
  }
}

// Run a model on each of some inputs, and return each output and the milliseconds of the last run.
async function run({ id, file, shape, inputs }) {
  const report = (progress) => self.postMessage({ id, progress });
  const once = await loadedModel(file, shape, report);
  const pause = pausing(id, "run");
  const outputs = [];
  let milliseconds = 0;
  for (const [number, values] of inputs.entries()) {
    const start = performance.now();
    outputs.push(await once(values));
    milliseconds = performance.now() - start;
    await pause((number + 1) / inputs.length);
  }
  return { outputs, milliseconds };
}
