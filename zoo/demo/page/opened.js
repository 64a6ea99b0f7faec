// Say what is missing where the page cannot start: modules and workers need a web server.
"use strict";
if (location.protocol === "file:") {
  addEventListener("DOMContentLoaded", () => {
    const notice = document.getElementById("notice");
    notice.textContent = "Browsers start this page only from a web server: run python -m zoo demo, or put the folder on any server.";
    notice.hidden = false;
  });
}
