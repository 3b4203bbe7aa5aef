// Notes in a pod. Each is an RDF document of its own in <storage>notes/, in the terms of schema.org, so that other apps can
// read it too. Every function takes the `fetch` of the person's session. Nothing here knows about the page.
const { DataFactory, Parser, Store, Writer } = window.N3;
const { literal, namedNode } = DataFactory;

const RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const LDP = "http://www.w3.org/ns/ldp#";
const PIM = "http://www.w3.org/ns/pim/space#";
const SCHEMA = "https://schema.org/";
const DATE_TIME = namedNode("http://www.w3.org/2001/XMLSchema#dateTime");

/** The container of the notes. The profile behind a WebID says where its owner's storage is. */
export async function findNotes(webId, fetch) {
  const { store } = await load(webId, fetch);
  const storage = value(store, webId, `${PIM}storage`);
  if (!storage) throw new Error(`${webId} names no storage`);
  return `${storage}notes/`;
}

/** All notes, the latest first. */
export async function listNotes(container, fetch) {
  const { store } = await load(container, fetch);
  const urls = store.getObjects(container, `${LDP}contains`).map((member) => member.value);
  const notes = await Promise.all(urls.map((url) => readNote(url, fetch)));
  return notes.filter((note) => note.title).sort((one, other) => (one.modified < other.modified ? 1 : -1));
}

export async function readNote(url, fetch) {
  const { store, etag } = await load(url, fetch);
  const read = (term) => value(store, url, SCHEMA + term) ?? "";
  return { url, etag, store, title: read("name"), text: read("text"), modified: read("dateModified") };
}

/** A note that is nowhere yet. `saveNote` makes the container with it. */
export function newNote(container) {
  const url = `${container}${crypto.randomUUID()}.ttl`;
  const store = new Store();
  store.addQuad(namedNode(url), namedNode(`${RDF}type`), namedNode(`${SCHEMA}TextDigitalDocument`));
  return { url, store };
}

/** Replaces title and text and keeps whatever else other apps have said about the note. Fails if it changed meanwhile. */
export async function saveNote({ url, etag, store }, title, text, fetch) {
  replace(store, url, "name", literal(title));
  replace(store, url, "text", literal(text));
  replace(store, url, "dateModified", literal(new Date().toISOString(), DATE_TIME));
  const condition = etag ? { "If-Match": etag } : { "If-None-Match": "*" };
  await send(fetch, url, { method: "PUT", headers: { "Content-Type": "text/turtle", ...condition }, body: turtle(store) });
}

export async function deleteNote({ url, etag }, fetch) {
  await send(fetch, url, { method: "DELETE", headers: { "If-Match": etag } });
}

// -- RDF over HTTP -----------------------------------------------------------------------------------------------------

/** What is missing is empty: the container is, before the first note. */
async function load(url, fetch) {
  const answer = await send(fetch, url, { headers: { Accept: "text/turtle" } }, [404]);
  const quads = answer.ok ? new Parser({ baseIRI: answer.url }).parse(await answer.text()) : [];
  return { store: new Store(quads), etag: answer.headers.get("ETag") };
}

async function send(fetch, url, request, alsoFine = []) {
  const answer = await fetch(url, request);
  if (answer.ok || alsoFine.includes(answer.status)) return answer;
  if (answer.status === 412) throw new Error("This note was changed somewhere else meanwhile. Open it again.");
  throw new Error(`${request.method ?? "GET"} ${url}: ${answer.status} ${answer.statusText}`);
}

function value(store, subject, term) {
  return store.getObjects(subject, term)[0]?.value;
}

function replace(store, subject, term, object) {
  const predicate = namedNode(SCHEMA + term);
  store.removeQuads(store.getQuads(subject, predicate));
  store.addQuad(namedNode(subject), predicate, object);
}

function turtle(store) {
  let written;
  const writer = new Writer({ prefixes: { schema: SCHEMA } });
  writer.addQuads(store.getQuads());
  writer.end((_, text) => { written = text; });
  return written;
}
