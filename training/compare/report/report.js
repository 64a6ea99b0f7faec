// A click on a heading sorts the table by that column; the next click on it reverses the order.
const headings = document.querySelectorAll("th");
const body = document.querySelector("tbody");

function compare(one, other) {
  return isNaN(one) || isNaN(other) ? one.localeCompare(other) : one - other;
}

headings.forEach((heading, column) => heading.onclick = () => {
  const ascending = heading.getAttribute("aria-sort") !== "ascending";
  const value = row => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const sorted = [...body.rows].sort((a, b) => compare(value(a), value(b)) * (ascending ? 1 : -1));
  headings.forEach(each => each.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  sorted.forEach(row => body.append(row));
});

// All pictures are enlarged by the slider, around the place under the pointer in one of them.
const style = document.documentElement.style;
const zoom = document.querySelector("#zoom");
zoom.oninput = () => style.setProperty("--zoom", zoom.value);
document.querySelectorAll(".crop").forEach(crop => crop.onmousemove = event => {
  const box = crop.getBoundingClientRect();
  style.setProperty("--x", 100 * (event.clientX - box.left) / box.width + "%");
  style.setProperty("--y", 100 * (event.clientY - box.top) / box.height + "%");
});

// The list chooses the picture that is shown.
const showing = document.querySelector("#showing");
showing.onchange = () => document.querySelectorAll(".row").forEach(row => {
  row.hidden = row.dataset.number !== showing.value;
});
