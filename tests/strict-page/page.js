// Has a thread answer, and says what the policy refused meanwhile. Last comes a style that the policy must refuse: without
// that, a page without a policy would look as good. Reports come in order, so with the style's all others have come.

const refused = [];
const styleRefused = new Promise((resolve) => {
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
    // WebKit looks for an icon by itself, and reports that too.
    if (blockedURI.endsWith("/favicon.ico")) return;
    refused.push(`${effectiveDirective} ${blockedURI}`);
    if (effectiveDirective === "style-src-attr") resolve();
  });
});

const show = (id, text) => {
  document.getElementById(id).textContent = text;
};

try {
  const { default: init, fib_in_thread } = await import("./pkg/strict-page.js");
  await init();
  show("answer", await fib_in_thread(30, document.body.dataset.workerScript));
} catch (error) {
  show("answer", `failed: ${error?.message ?? error}`);
}
document.body.setAttribute("style", "color: red");
await styleRefused;
show("refused", refused.join(", "));
