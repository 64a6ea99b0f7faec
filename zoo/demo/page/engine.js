// Talk to the worker that runs the networks: each call is a promise, with progress on the way and a way to stop it.

export class Stopped extends Error {}

export class Engine {
  #worker = null;
  #calls = new Map();
  #number = 0;
  #on = "wasm";

  // Choose "wasm" or "webgpu" for everything that is run from now on.
  use(on) {
    if (on === this.#on) return;
    this.#on = on;
    this.#worker?.terminate();
    this.#worker = null;
    for (const call of this.#calls.values()) call.reject(new Stopped());
    this.#calls.clear();
  }

  // kind: a function of the worker. hear: {progress, result}, called on the way. Returns {done, stop}.
  call(kind, request, hear = {}) {
    const worker = this.#started();
    const id = ++this.#number;
    const done = new Promise((resolve, reject) => this.#calls.set(id, { resolve, reject, hear }));
    worker.postMessage({ ...request, id, kind });
    return { done, stop: () => worker.postMessage({ kind: "stop", which: id }) };
  }

  #started() {
    if (this.#worker) return this.#worker;
    const worker = new Worker(`worker.js?on=${this.#on}`);
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      for (const call of this.#calls.values()) call.reject(new Error(event.message || "the worker cannot be started"));
      this.#calls.clear();
      this.#worker = null;
    };
    this.#worker = worker;
    return worker;
  }

  #receive({ id, progress, result, answer, error, stop }) {
    const call = this.#calls.get(id);
    if (!call) return;
    if (progress) call.hear.progress?.(progress);
    else if (result) call.hear.result?.(result);
    else {
      this.#calls.delete(id);
      if (error) call.reject(stop ? new Stopped() : new Error(error));
      else call.resolve(answer);
    }
  }
}
