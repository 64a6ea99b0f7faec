// Show enlargements of one picture at the same place and zoom: one beside the other, or wiped over each other.

export const NAMES = { bicubic: "Bicubic", subpixel: "Sub-pixel", transpose: "Transposed" };
const FORMS = Object.keys(NAMES);
const MOST_ZOOM = 32;
// Between pictures that are shown side by side, in pixels of the screen.
const GAP = 12;

export class Viewer {
  #views = {};
  #size = { width: 1, height: 1 };
  #zoom = 1;
  #centre = { x: 0.5, y: 0.5 };
  #wipe = 0.25;
  #isBeside = false;
  #isFitted = true;
  #drag = null;
  #pointers = new Map();

  // elements: canvas, grip, left, right. hear: {zoom(percent), wipe(share)}.
  constructor(elements, hear) {
    Object.assign(this, elements);
    this.hear = hear;
    new ResizeObserver(() => this.#resize()).observe(this.canvas);
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.canvas.addEventListener("pointerdown", (event) => this.#press(event));
    this.canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) {
      this.canvas.addEventListener(end, (event) => this.#release(event));
    }
  }

  // Begin with another picture: no views, fitted; `size` is that of the enlargement.
  start(size) {
    this.#views = {};
    this.#size = size;
    this.fit();
  }

  // Show a view: a canvas or a bitmap of any size with the right proportions.
  show(form, view) {
    this.#views[form] = view;
    this.#draw();
  }

  get canvasOf() {
    return this.#views;
  }

  set wipe(share) {
    this.#wipe = share;
    this.#draw();
  }

  set isBeside(value) {
    this.#isBeside = value;
    if (this.#isFitted) this.fit();
    else this.#draw();
  }

  fit() {
    this.#isFitted = true;
    this.#centre = { x: this.#size.width / 2, y: this.#size.height / 2 };
    this.#setZoom(this.#fitting());
  }

  // Multiply the zoom, and keep the place under (x, y), in pixels of the canvas from its middle, where it is.
  zoomBy(factor, x = 0, y = 0) {
    this.#isFitted = false;
    const before = this.#zoom;
    const zoom = Math.min(Math.max(before * factor, this.#fitting() / 2), MOST_ZOOM);
    this.#centre.x += x / before - x / zoom;
    this.#centre.y += y / before - y / zoom;
    this.#setZoom(zoom);
  }

  #panes() {
    const { width, height } = this.canvas;
    if (!this.#isBeside) return [{ x: 0, y: 0, width, height }];
    const isWide = width > height * 1.2;
    const size = ((isWide ? width : height) - 2 * GAP) / 3;
    return FORMS.map((_, number) =>
      isWide
        ? { x: number * (size + GAP), y: 0, width: size, height }
        : { x: 0, y: number * (size + GAP), width, height: size },
    );
  }

  #fitting() {
    const [pane] = this.#panes();
    return Math.min(pane.width / this.#size.width, pane.height / this.#size.height, MOST_ZOOM) || 1;
  }

  #setZoom(zoom) {
    this.#zoom = zoom;
    this.canvas.classList.toggle("zoomed", zoom > this.#fitting() * 1.01);
    this.hear.zoom(Math.round(100 * zoom));
    this.#draw();
  }

  #resize() {
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * ratio);
    if (this.#isFitted) this.fit();
    else this.#draw();
  }

  #draw() {
    const { width, height } = this.#size;
    for (const [axis, size] of [["x", width], ["y", height]]) {
      this.#centre[axis] = Math.min(Math.max(this.#centre[axis], 0), size);
    }
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const panes = this.#panes();
    if (this.#isBeside) {
      FORMS.forEach((form, number) => {
        this.#paint(context, form, panes[number], panes[number]);
        this.#write(context, this.#views[form] ? NAMES[form] : "", panes[number]);
      });
      this.#name("", "");
      this.canvas.setAttribute("aria-label", "The picture, enlarged three times, side by side");
      this.grip.hidden = true;
      return;
    }
    // The first half of the slider wipes from bicubic to sub-pixel, the second from there to transposed.
    const step = this.#wipe < 0.5 ? 0 : 1;
    const share = 1 - (this.#wipe * 2 - step);
    const [left, right] = [FORMS[step], FORMS[step + 1]];
    const span = this.#shown(panes[0]);
    const at = span.start + share * (span.end - span.start);
    const both = Boolean(this.#views[left] && this.#views[right]);
    this.grip.hidden = !both || share <= 0 || share >= 1;
    this.grip.style.left = `${(100 * at) / this.canvas.width}%`;
    if (!both) {
      // Until the others are there, the last one is shown whole.
      const last = FORMS.findLast((form) => this.#views[form]);
      this.#paint(context, last, panes[0], panes[0]);
      return this.#name(NAMES[last] ?? "", "");
    }
    this.#paint(context, left, panes[0], { ...panes[0], width: at });
    this.#paint(context, right, panes[0], { ...panes[0], x: at, width: panes[0].width - at });
    this.#name(share > 0 ? NAMES[left] : "", share < 1 ? NAMES[right] : "");
  }

  // Return where on the canvas the picture starts and ends, as far as it is seen.
  #shown(pane) {
    const middle = pane.x + pane.width / 2;
    const start = middle - this.#centre.x * this.#zoom;
    return {
      start: Math.max(start, pane.x),
      end: Math.min(start + this.#size.width * this.#zoom, pane.x + pane.width),
    };
  }

  #name(left, right) {
    this.left.textContent = left;
    this.right.textContent = right;
    const shown = [left, right].filter(Boolean).join(" and ");
    this.canvas.setAttribute("aria-label", shown ? `The picture, enlarged: ${shown}` : "No picture yet");
  }

  // Write a name into the corner of a pane, as the labels of the page look.
  #write(context, text, pane) {
    if (!text) return;
    const ratio = devicePixelRatio || 1;
    context.font = `${13.5 * ratio}px system-ui, sans-serif`;
    const [x, y, height] = [pane.x + 10 * ratio, pane.y + 10 * ratio, 24 * ratio];
    context.fillStyle = "rgb(20 22 24 / 0.66)";
    context.beginPath();
    context.roundRect(x, y, context.measureText(text).width + 20 * ratio, height, height / 2);
    context.fill();
    context.fillStyle = "#fff";
    context.textBaseline = "middle";
    context.fillText(text, x + 10 * ratio, y + height / 2);
  }

  #paint(context, form, pane, clip) {
    const view = this.#views[form];
    if (!view || clip.width <= 0) return;
    context.save();
    context.beginPath();
    context.rect(clip.x, clip.y, clip.width, clip.height);
    context.clip();
    context.imageSmoothingEnabled = this.#zoom < 1;
    context.imageSmoothingQuality = "high";
    const x = pane.x + pane.width / 2 - this.#centre.x * this.#zoom;
    const y = pane.y + pane.height / 2 - this.#centre.y * this.#zoom;
    context.drawImage(view, x, y, this.#size.width * this.#zoom, this.#size.height * this.#zoom);
    context.restore();
  }

  #key(event) {
    const step = 60 / this.#zoom;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const acts = {
      "+": () => this.zoomBy(1.25),
      "=": () => this.zoomBy(1.25),
      "-": () => this.zoomBy(0.8),
      0: () => this.fit(),
      1: () => this.zoomBy(1 / this.#zoom),
    };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (moves[event.key]) this.#shift(...moves[event.key]);
    else if (acts[event.key]) acts[event.key]();
    else return;
    event.preventDefault();
  }

  #shift(x, y) {
    this.#isFitted = false;
    this.#centre.x += x;
    this.#centre.y += y;
    this.#draw();
  }

  // A wheel scrolls the page; with Ctrl, which pinching a touch pad also sends, it zooms.
  #wheel(event) {
    if (!event.ctrlKey && document.activeElement !== this.canvas) return;
    event.preventDefault();
    const { x, y } = this.#place(event);
    const [pane] = this.#panes();
    this.zoomBy(Math.exp(-event.deltaY / 300), x - pane.width / 2, y - pane.height / 2);
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    const ratio = this.canvas.width / box.width;
    return { x: (event.clientX - box.left) * ratio, y: (event.clientY - box.top) * ratio };
  }

  #press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.#place(event));
    const { x } = this.#place(event);
    const grip = (parseFloat(this.grip.style.left) / 100) * this.canvas.width;
    const near = !this.grip.hidden && Math.abs(x - grip) < 26 * (devicePixelRatio || 1);
    this.#drag = near ? "wipe" : "pan";
  }

  #move(event) {
    const now = this.#place(event);
    const before = this.#pointers.get(event.pointerId);
    if (!before) {
      const grip = (parseFloat(this.grip.style.left) / 100) * this.canvas.width;
      this.canvas.classList.toggle("near-grip", !this.grip.hidden && Math.abs(now.x - grip) < 26);
      return;
    }
    this.#pointers.set(event.pointerId, now);
    if (this.#pointers.size === 2) return this.#pinch(event.pointerId, before, now);
    if (this.#drag === "pan") return this.#shift((before.x - now.x) / this.#zoom, (before.y - now.y) / this.#zoom);
    const span = this.#shown(this.#panes()[0]);
    const share = 1 - Math.min(Math.max((now.x - span.start) / (span.end - span.start), 0.01), 0.99);
    this.hear.wipe(((this.#wipe < 0.5 ? 0 : 1) + share) / 2);
  }

  #pinch(moved, before, now) {
    const [, other] = [...this.#pointers.entries()].find(([id]) => id !== moved);
    const [pane] = this.#panes();
    const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.hypot(before.x - other.x, before.y - other.y);
    this.zoomBy(factor || 1, other.x - pane.width / 2, other.y - pane.height / 2);
  }

  #release(event) {
    this.#pointers.delete(event.pointerId);
    this.#drag = null;
  }
}
