// What a program shows: a line each, and its end. That of 2021 loads it, too.

function show(line) {
  document.querySelector("#lines").append(Object.assign(document.createElement("li"), { textContent: line }));
}

function done() {
  document.querySelector("#status").textContent = "done";
}

addEventListener("error", (event) => show(`error: ${event.message}`));
addEventListener("unhandledrejection", (event) => show(`unhandled rejection: ${event.reason}`));
