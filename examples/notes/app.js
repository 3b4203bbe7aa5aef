// The page: who is signed in, the list, the editor. The pod is behind notes.js, signing in behind the published library.
import { deleteNote, findNotes, listNotes, newNote, readNote, saveNote } from "./notes.js";

const { EVENTS, getDefaultSession } = window.solidClientAuthentication;
const session = getDefaultSession();
const home = new URL("./", location).href;
const $ = (id) => document.getElementById(id);
const editor = $("editor").elements;

let container;
let note;

/** An app on the web says who it is in a document at its client id; one that runs on your machine registers with the server. */
function clientId() {
  const asked = new URLSearchParams(location.search).has("document");
  return location.protocol === "https:" || asked ? `${home}clientid.jsonld` : undefined;
}

function signIn(event) {
  event.preventDefault();
  const oidcIssuer = event.target.elements.issuer.value;
  attempt(() => session.login({ oidcIssuer, redirectUrl: home, clientId: clientId(), clientName: "Notes" }));
}

async function start() {
  session.events.on(EVENTS.ERROR, (error, description) => say(`You are not signed in: ${description ?? error}`));
  session.events.on(EVENTS.SESSION_EXPIRED, showWho);
  await session.handleIncomingRedirect({ restorePreviousSession: true });
  showWho();
  if (!session.info.isLoggedIn) return;
  container = await findNotes(session.info.webId, session.fetch);
  edit();
  showWho();
  await showList();
}

async function signOut() {
  await session.logout();
  location.assign(home);
}

// -- what is on the page -----------------------------------------------------------------------------------------------

function showWho() {
  const { isLoggedIn, webId } = session.info;
  $("sign-in").hidden = isLoggedIn;
  $("who").hidden = !isLoggedIn;
  $("notes").hidden = !(isLoggedIn && container);
  if (isLoggedIn) Object.assign($("who").firstElementChild, { href: webId, textContent: webId });
}

async function showList() {
  const notes = await listNotes(container, session.fetch);
  $("list").replaceChildren(...notes.map(entry));
}

function entry({ url, title }) {
  const item = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: title });
  if (url === note.url) button.setAttribute("aria-current", "true");
  button.addEventListener("click", () => attempt(() => open(url)));
  item.append(button);
  return item;
}

function edit(opened = newNote(container)) {
  note = opened;
  editor.title.value = note.title ?? "";
  editor.text.value = note.text ?? "";
  $("delete").hidden = !note.etag;
}

function say(message) {
  $("message").textContent = message;
}

// -- what the buttons do -----------------------------------------------------------------------------------------------

async function open(url) {
  edit(await readNote(url, session.fetch));
  await showList();
}

async function save() {
  await saveNote(note, editor.title.value, editor.text.value, session.fetch);
  await open(note.url);
  say("Saved in your pod.");
}

async function remove() {
  await deleteNote(note, session.fetch);
  edit();
  await showList();
  say("Deleted.");
}

async function another() {
  edit();
  await showList();
}

async function attempt(action) {
  say("");
  try {
    await action();
  } catch (error) {
    say(error.message);
  }
}

$("sign-in").addEventListener("submit", signIn);
$("sign-out").addEventListener("click", () => attempt(signOut));
$("editor").addEventListener("submit", (event) => { event.preventDefault(); attempt(save); });
$("editor").addEventListener("reset", (event) => { event.preventDefault(); attempt(another); });
$("delete").addEventListener("click", () => attempt(remove));
attempt(start);
