// Folders with a keyboard and many things: arrows, Space, Shift, Ctrl+A, Enter, F2, Delete; what is chosen is told.
//
// Everything can be done without it: each thing has a checkbox of the form #selection, whose buttons it presses.
"use strict";
const form = document.querySelector("#selection");
const shelf = document.querySelector("[data-things]");
if (form && shelf) {
  const words = JSON.parse(form.dataset.words);
  const boxes = [...shelf.querySelectorAll(".pick")];
  const links = [...shelf.querySelectorAll(".thing")];
  const all = form.querySelector("[data-all]");
  const count = form.querySelector("[data-count]");
  const chooseAll = count.textContent;
  const live = form.querySelector("[data-live]");
  const actions = form.querySelector("[data-actions]");
  let from = 0; // where a range begins

  const say = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const chosen = () => boxes.filter((box) => box.checked);
  const nameOf = (at) => links[at].querySelector(".name").textContent;

  const show = () => {
    const some = chosen().length;
    form.classList.toggle("some", some > 0);
    actions.hidden = some === 0;
    all.checked = some === boxes.length;
    all.indeterminate = some > 0 && some < boxes.length;
    count.textContent = some ? say(words.some, { count: some }) : chooseAll;
    for (const button of form.querySelectorAll("[data-one]")) button.disabled = some > 1;
  };
  const tell = (at) => {
    const some = chosen().length;
    const which = at === undefined ? "" : `${say(boxes[at].checked ? words.on : words.off, { name: nameOf(at) })}. `;
    live.textContent = which + (some ? say(words.some, { count: some }) : words.none);
  };
  const choose = (at, is = !boxes[at].checked) => {
    boxes[at].checked = is;
    from = at;
    show();
    tell(at);
  };
  const range = (to, is = true) => {
    for (let at = Math.min(from, to); at <= Math.max(from, to); at += 1) boxes[at].checked = is;
    show();
    tell();
  };
  const every = (is) => {
    for (const box of boxes) box.checked = is;
    show();
    tell();
  };

  boxes.forEach((box, at) =>
    box.addEventListener("click", (event) => {
      if (event.shiftKey) range(at, box.checked);
      else choose(at, box.checked);
    }),
  );
  all.addEventListener("click", () => every(all.checked));

  // -- the keyboard

  const across = () => {
    const top = links[0].getBoundingClientRect().top;
    const others = links.findIndex((link) => link.getBoundingClientRect().top > top + 1);
    return others < 0 ? links.length : others;
  };
  const steps = () => {
    const inLine = getComputedStyle(shelf).direction === "rtl" ? -1 : 1;
    const isGrid = shelf.classList.contains("tiles");
    const line = isGrid ? across() : 1;
    const sideways = isGrid ? { ArrowLeft: -inLine, ArrowRight: inLine } : {};
    return { ArrowUp: -line, ArrowDown: line, Home: -links.length, End: links.length, ...sideways };
  };
  const press = (what, at) => {
    if (!chosen().length) choose(at, true);
    const button = form.querySelector(`[value=${what}]`);
    if (!button.disabled) button.click();
  };
  const does = {
    " ": (at) => choose(at),
    F2: (at) => press("rename", at),
    Delete: (at) => press("delete", at),
    Escape: () => every(false),
  };
  shelf.addEventListener("keydown", (event) => {
    const isBox = event.target.matches(".pick");
    const at = (isBox ? boxes : links).indexOf(event.target);
    if (at < 0 || event.altKey || event.metaKey) return;
    const isCtrl = event.ctrlKey;
    const step = steps()[event.key];
    if (isCtrl && event.key.toLowerCase() === "a") every(true);
    else if (isCtrl) return;
    else if (step) {
      const to = Math.max(0, Math.min(links.length - 1, at + step));
      if (event.shiftKey && !chosen().length) from = at;
      links[to].focus();
      if (event.shiftKey) range(to);
    } else if (does[event.key] && !(isBox && event.key === " ")) does[event.key](at);
    else return;
    event.preventDefault();
  });

  for (const each of document.querySelectorAll(".keys, #selection > [data-when]")) {
    each.hidden = each.dataset.when !== "script";
  }
  show(); // browsers remember what was ticked
}

// Many pictures at once may be more than can be made at once: those that were refused are asked for again.
const askAgain = (picture, seconds) => {
  if (seconds > 16) return;
  setTimeout(() => {
    picture.addEventListener("error", () => askAgain(picture, seconds * 2), { once: true });
    picture.src = picture.getAttribute("src");
  }, seconds * 1000);
};
for (const each of document.querySelectorAll(".thumb img")) {
  if (each.complete && !each.naturalWidth) askAgain(each, 1);
  else each.addEventListener("error", () => askAgain(each, 1), { once: true });
}
