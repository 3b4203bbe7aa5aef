import { Fetcher, graph, lit, Namespace, st, sym, UpdateManager } from "rdflib";
import { assert, check, freshContainer, scenario, signIn, turtle } from "./harness.mjs";
import { Inbox } from "./subscriber.mjs";

const EX = Namespace("https://vocab.example/#");

function storeFor(fetch) {
  const store = graph();
  new Fetcher(store, { fetch });
  new UpdateManager(store);
  return store;
}

/** A store that follows a document, and what it holds after each change it was told of. */
async function follow(store, doc, subject, predicate) {
  const reloaded = new Inbox();
  await store.fetcher.load(doc);
  store.updater.addDownstreamChangeListener(doc, () => {
    reloaded.put(store.each(subject, predicate, null, doc).map((term) => term.value).sort());
  });
  return reloaded;
}

/** The library sends its `sub` when its socket is open, and does not say when it was heard: written until it was. */
async function changed(doc, reloaded, fetch) {
  let told = false;
  const first = reloaded.take().finally(() => { told = true; });
  for (let turn = 0; !told; turn += 1) {
    await turtle(doc.value, `<#it> <https://vocab.example/#says> "turn ${turn}".`, fetch);
    await Promise.race([first, new Promise((resolve) => { setTimeout(resolve, 100); })]);
  }
  return first;
}

/** Everyone may read it. */
async function publish(account, url) {
  const rules = `@prefix acl: <http://www.w3.org/ns/auth/acl#>.
    [] a acl:Authorization; acl:agent <${account.webId}>; acl:accessTo <${url}>; acl:mode acl:Read, acl:Write, acl:Control.
    [] a acl:Authorization; acl:agentClass <http://xmlns.com/foaf/0.1/Agent>; acl:accessTo <${url}>; acl:mode acl:Read.`;
  assert.ok((await turtle(`${url}.acl`, rules, account.fetch)).ok);
}

/** A plain socket of the older kind: what it is sent, line by line. */
async function older(url, ...lines) {
  const inbox = new Inbox();
  const socket = new WebSocket(url);
  socket.onmessage = ({ data }) => inbox.put(data);
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
  lines.forEach((line) => socket.send(line));
  return { socket, inbox };
}

await scenario(async () => {
  const alice = await signIn("alice");
  const home = freshContainer(alice, "rdflib-live");
  const doc = sym(`${home}doc`);
  const it = sym(`${doc.value}#it`);
  await turtle(doc.value, '<#it> <https://vocab.example/#says> "first".', alice.fetch);
  await publish(alice, doc.value);
  const store = storeFor(alice.fetch);
  const reloaded = await follow(store, doc, it, EX("says"));
  const watcher = storeFor(fetch);
  const watched = await follow(watcher, doc, it, EX("says"));
  const via = store.updater.getUpdatesVia(doc);

  await check("resources say where their live updates are", () => {
    assert.match(new URL(via, doc.value).protocol, /^(ws|http)s?:$/);
  });
  await check("the document is loaded again when somebody else changes it", async () => {
    assert.match((await changed(doc, reloaded, alice.fetch))[0], /^turn/);
  });
  await check("an update of one store reaches the other", async () => {
    await store.updater.update([], [st(it, EX("says"), lit("from the other"), doc)]);
    let seen;
    do seen = await watched.take(); while (!seen.includes("from the other"));
    assert.equal(seen.length, 2);
  });
  await check("a socket is told that it is heard, then of every change", async () => {
    const { socket, inbox } = await older(via.replace(/^http/, "ws"), `sub ${doc.value}`);
    let line;
    do line = await inbox.take(); while (!line.startsWith("ack"));
    assert.equal(line, `ack ${doc.value}`);
    await turtle(doc.value, '<#it> <https://vocab.example/#says> "told".', alice.fetch);
    assert.equal(await inbox.take(), `pub ${doc.value}`);
    socket.close();
  });
  await check("a document that is private is loaded again when its owner changes it elsewhere", async () => {
    const secret = sym(`${home}mine`);
    await turtle(secret.value, '<#it> <https://vocab.example/#says> "first".', alice.fetch);
    const heard = await follow(storeFor(alice.fetch), secret, sym(`${secret.value}#it`), EX("says"));
    assert.match((await changed(secret, heard, alice.fetch))[0], /^turn/);
  });
  await check("a socket hears nothing of what its owner keeps private", async () => {
    const [secret, container] = [`${home}secret`, home];
    await turtle(secret, "", alice.fetch);
    const plain = via.replace(/^http/, "ws").replace(/\?.*/, "");
    const { socket, inbox } = await older(plain, `sub ${secret}`, `sub ${container}`, `sub ${doc.value}`);
    let line;
    do line = await inbox.take(); while (line !== `ack ${doc.value}`);
    await turtle(secret, "<#it> <#is> <#here>.", alice.fetch);
    await turtle(doc.value, '<#it> <https://vocab.example/#says> "after the secret".', alice.fetch);
    assert.equal(await inbox.take(), `pub ${doc.value}`);
    socket.close();
  });
});
