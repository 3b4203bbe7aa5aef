// Uploads: a form with data-upload sends files as they are chosen or dropped, several at a time, each with its progress.
//
// Small files go by the form itself, large ones piece by piece with tus-js-client, which is asked for when there is one. What
// people read is in data-upload, with everything else that the server knows. What is only for scripts is hidden until then.
"use strict";
for (const form of document.querySelectorAll("form[data-upload]")) {
  const { account, folder, shown, library, bytesLeft, words } = JSON.parse(form.dataset.upload);
  const nonce = document.currentScript?.nonce ?? document.querySelector("script[nonce]").nonce;
  const AT_ONCE = 2;
  const LARGE = 5_000_000;
  const PIECE = 8 * 1024 * 1024;
  const FILES_MAX = 10_000;
  const TOLD_EACH_MAX = 5;
  const PAUSES = [0, 1000, 3000, 5000, 10000, 20000, 40000];
  const KEEP_MS = 3 * 24 * 3600 * 1000;
  const TOLD = "freehold-uploaded";
  const OURS = `freehold-${account}-${folder}-`;

  const list = form.querySelector("[data-list]");
  const model = form.querySelector("template");
  const live = form.querySelector("[data-live]");
  const again = form.querySelector("[data-again]");
  const picker = form.elements.files;
  const items = [];

  const say = (sentence, values = {}) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const tell = (text) => {
    live.textContent = text;
  };

  // -- what is shown of a file

  const show = (item, state, text) => {
    item.state = state;
    item.row.dataset.state = state;
    item.row.querySelector("[data-said]").textContent = text;
    item.row.querySelector("[data-do=cancel]").hidden = state === "done" || state === "gone";
    item.row.querySelector("[data-do=retry]").hidden = state !== "failed";
    item.row.querySelector("progress").hidden = state !== "sending";
  };
  const progress = (item, sent, whole) => {
    const part = whole ? Math.floor((100 * sent) / whole) : 100;
    item.row.querySelector("progress").value = part;
    item.row.querySelector("[data-said]").textContent = say(words.part, { part });
  };
  const fail = (item, text) => {
    show(item, "failed", text);
    tell(`${item.path}: ${text}`);
    next();
  };
  const breakOff = (item) => {
    item.isBroken = true;
    fail(item, navigator.onLine ? words.broken : words.offline);
  };
  const succeed = (item, name) => {
    const kept = name && name !== item.file.name ? say(words.renamed, { name }) : words.done;
    show(item, "done", kept);
    if (items.length <= TOLD_EACH_MAX) tell(`${item.path}: ${kept}`);
    next();
  };
  const reason = (text) => {
    try {
      const said = JSON.parse(text);
      return said.error || said.detail || words.failed;
    } catch {
      return words.failed;
    }
  };

  // -- sending

  const sendSmall = (item, attempt = 1) => {
    item.goOn = () => {};
    const data = new FormData();
    for (const name of ["csrf", "folder", "same"]) data.append(name, form.elements[name].value);
    data.append("files", item.file, item.path);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => progress(item, event.loaded, event.total));
    request.addEventListener("load", () => {
      if (request.status === 201) succeed(item, JSON.parse(request.responseText).kept[0].name);
      else fail(item, [401, 403].includes(request.status) ? words.stale : reason(request.responseText));
    });
    request.addEventListener("error", () => {
      if (attempt >= PAUSES.length) {
        breakOff(item);
        return;
      }
      item.waiting = setTimeout(() => sendSmall(item, attempt + 1), PAUSES[attempt]);
      item.goOn = () => {
        clearTimeout(item.waiting);
        sendSmall(item);
      };
    });
    item.stop = () => {
      clearTimeout(item.waiting);
      request.abort();
    };
    request.send(data);
  };

  let loading;
  const tusLibrary = () => {
    loading ??= new Promise((loaded, failed) => {
      const script = document.createElement("script");
      script.nonce = nonce;
      script.src = library;
      script.addEventListener("load", () => loaded(window.tus));
      script.addEventListener("error", () => {
        loading = undefined;
        failed(new Error());
      });
      document.head.append(script);
    });
    return loading;
  };

  const mayRetry = (error) => {
    const status = error.originalResponse?.getStatus() ?? 0;
    return [0, 408, 409, 423, 429].includes(status) || (status >= 500 && status !== 501 && status !== 507);
  };
  const why = (error) => {
    const answer = error.originalResponse;
    return answer.getStatus() === 403 ? words.stale : reason(answer.getBody());
  };

  const sendLarge = async (item) => {
    let stopped = false;
    item.stop = () => {
      stopped = true;
    };
    let tus;
    try {
      tus = await tusLibrary();
    } catch {
      breakOff(item);
      return;
    }
    const { file, path } = item;
    const same = form.elements.same.value;
    const upload = new tus.Upload(file, {
      endpoint: new URL("/.uploads/", document.baseURI).href,
      chunkSize: PIECE,
      retryDelays: PAUSES,
      removeFingerprintOnSuccess: true,
      headers: { "X-CSRF-Token": form.elements.csrf.value },
      metadata: { folder, filename: file.name, filetype: file.type, relativePath: path, same },
      fingerprint: async () => `${OURS}${same}-${path}-${file.size}-${file.lastModified}`,
      onShouldRetry: mayRetry,
      onProgress: (sent, whole) => item.state === "sending" && progress(item, sent, whole),
      onSuccess: ({ lastResponse }) => {
        const where = lastResponse?.getHeader("Content-Location");
        succeed(item, where && decodeURIComponent(where.slice(where.lastIndexOf("/") + 1)));
      },
      onError: (error) => (error.originalResponse ? fail(item, why(error)) : breakOff(item)),
    });
    const [before] = await upload.findPreviousUploads();
    if (stopped) return;
    if (before) upload.resumeFromPreviousUpload(before);
    item.goOn = () => upload.abort().then(() => upload.start());
    item.stop = () => upload.abort(true).catch(() => {});
    upload.start();
  };

  const next = () => {
    const sending = items.filter((each) => each.state === "sending").length;
    for (const item of items.filter((each) => each.state === "waiting").slice(0, AT_ONCE - sending)) {
      item.isBroken = false;
      show(item, "sending", say(words.part, { part: 0 }));
      (item.file.size > LARGE ? sendLarge : sendSmall)(item);
    }
    if (!items.some((each) => each.state === "sending" || each.state === "waiting")) end();
  };

  window.addEventListener("offline", () => {
    const stopped = items.filter((each) => each.state === "sending");
    for (const item of stopped) item.row.querySelector("[data-said]").textContent = words.offline;
    if (stopped.length) tell(words.offline);
  });
  window.addEventListener("online", () => {
    for (const item of items) {
      if (item.state === "sending") item.goOn();
      else if (item.state === "failed" && item.isBroken) show(item, "waiting", words.waiting);
    }
    if (items.some((each) => each.state === "waiting")) next();
  });

  // The page may not fetch itself, so the list of files comes anew with the page, which browsers show where it was.
  const end = () => {
    const count = items.filter((each) => each.state === "done").length;
    if (!count) return;
    const text = say(words.all, { count });
    const at = document.activeElement;
    const isTyping = at.matches("input:not([type=file]), textarea") && at.value !== "";
    if (isTyping || document.querySelector("dialog[open]") || items.some((each) => each.state === "failed")) {
      tell(text);
      again.hidden = false;
      return;
    }
    sessionStorage.setItem(TOLD, text);
    showThem();
  };
  const showThem = () => {
    if (location.pathname === shown) location.reload();
    else location.assign(shown);
  };

  // -- choosing

  const add = (files) => {
    let room = bytesLeft ?? Infinity;
    for (const { file, path } of files.slice(0, FILES_MAX)) {
      const row = model.content.firstElementChild.cloneNode(true);
      const item = { file, path, row, stop: () => {}, goOn: () => {} };
      row.querySelector("[data-name]").textContent = path;
      for (const button of row.querySelectorAll("button")) {
        button.setAttribute("aria-label", `${button.textContent}: ${path}`);
      }
      row.querySelector("progress").setAttribute("aria-label", path);
      row.querySelector("[data-do=cancel]").addEventListener("click", () => cancel(item));
      row.querySelector("[data-do=retry]").addEventListener("click", () => retry(item));
      list.append(row);
      items.push(item);
      room -= file.size;
      if (room < 0) show(item, "failed", words.full);
      else show(item, "waiting", words.waiting);
    }
    list.hidden = items.length === 0;
    tell(say(words.begun, { count: files.length }));
    next();
  };
  const cancel = (item) => {
    item.stop();
    show(item, "gone", words.cancelled);
    tell(`${item.path}: ${words.cancelled}`);
    picker.focus();
    next();
  };
  const retry = (item) => {
    show(item, "waiting", words.waiting);
    item.row.querySelector("[data-do=cancel]").focus();
    next();
  };
  const chosen = (input) => {
    add([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
    input.value = "";
  };

  const entriesOf = (reader) => new Promise((given, failed) => reader.readEntries(given, failed));
  const filesIn = async (entry, found) => {
    if (found.length >= FILES_MAX) return;
    if (entry.isFile) {
      const file = await new Promise((given, failed) => entry.file(given, failed));
      found.push({ file, path: entry.fullPath.replace(/^\//, "") });
      return;
    }
    const reader = entry.createReader();
    for (let some = await entriesOf(reader); some.length; some = await entriesOf(reader)) {
      for (const each of some) await filesIn(each, found);
    }
  };
  const dropped = async (items) => {
    const given = [...items].filter((each) => each.kind === "file"); // all at once: they do not last
    const entries = given.map((each) => each.webkitGetAsEntry?.() ?? each.getAsFile());
    const found = [];
    try {
      for (const each of entries) {
        if (each instanceof File) found.push({ file: each, path: each.name });
        else if (each) await filesIn(each, found);
      }
    } catch {
      tell(words.unreadable);
    }
    add(found);
  };

  // -- what was not finished before the page was left

  const unfinished = () => {
    const names = [];
    for (const key of Object.keys(localStorage).filter((each) => each.startsWith(`tus::${OURS}`))) {
      const said = JSON.parse(localStorage.getItem(key));
      if (Date.now() - Date.parse(said.creationTime) > KEEP_MS) localStorage.removeItem(key);
      else names.push(said.metadata.relativePath);
    }
    const note = form.querySelector("[data-unfinished]");
    note.hidden = names.length === 0;
    note.textContent = say(words.unfinished, { names: names.join(", ") });
  };

  for (const each of form.querySelectorAll("[data-when]")) each.hidden = each.dataset.when !== "script";
  const folderPicker = form.querySelector("[data-folder]");
  form.querySelector("[data-choose-folder]").addEventListener("click", () => folderPicker.click());
  picker.addEventListener("change", () => chosen(picker));
  folderPicker.addEventListener("change", () => chosen(folderPicker));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    chosen(picker);
  });
  again.addEventListener("click", showThem);

  let inside = 0;
  const mark = (event, by) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    inside = by === 0 ? 0 : inside + by;
    form.classList.toggle("dropping", inside > 0);
    if (by > 0) form.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("dragenter", (event) => mark(event, 1));
  document.addEventListener("dragleave", (event) => mark(event, -1));
  document.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    mark(event, 0);
    dropped(event.dataTransfer.items);
  });
  addEventListener("beforeunload", (event) => {
    if (items.some((each) => each.state === "sending" || each.state === "waiting")) event.preventDefault();
  });

  unfinished();
  const told = sessionStorage.getItem(TOLD);
  sessionStorage.removeItem(TOLD);
  if (told) setTimeout(tell, 500, told); // screen readers hear of what changes once the page is there
}
