// Everything works without this file; it adds copy buttons, and answers of a query on the page.
for (const block of document.querySelectorAll("pre[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  block.before(button);
}

const MOST_SHOWN = 20000;
for (const form of document.querySelectorAll("form[data-try]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const shown = form.querySelector("output");
    const asked = new URLSearchParams(new FormData(form));
    const began = performance.now();
    shown.textContent = "Asking …";
    try {
      const answer = await fetch(`${form.action}?${asked}`);
      const text = await answer.text();
      const took = Math.round(performance.now() - began);
      const body = document.createElement("pre");
      body.tabIndex = 0;
      body.textContent = text.slice(0, MOST_SHOWN) + (text.length > MOST_SHOWN ? "\n…" : "");
      const said = document.createElement("p");
      said.textContent = `${answer.ok ? "Answered" : "Refused"} with ${answer.status} in ${took} ms.`;
      shown.replaceChildren(said, body);
    } catch {
      shown.textContent = "The portal did not answer. Try again.";
    }
  });
}
