import { Fetcher, graph, lit, Namespace, st, sym, UpdateManager } from "rdflib";
import { assert, check, freshContainer, rejects, scenario, signIn, turtle } from "./harness.mjs";

const EX = Namespace("https://vocab.example/#");
const LDP = Namespace("http://www.w3.org/ns/ldp#");

function storeFor(account) {
  const store = graph();
  new Fetcher(store, { fetch: account.fetch });
  new UpdateManager(store);
  return store;
}

await scenario(async () => {
  const alice = await signIn("alice");
  const bob = await signIn("bob");
  const home = freshContainer(alice, "rdflib");
  const doc = sym(`${home}doc`);
  const it = sym(`${doc.value}#it`);
  const store = storeFor(alice);
  // What the server holds, as a program that has seen nothing yet finds it.
  const stored = async (subject, predicate) => {
    const fresh = storeFor(alice);
    await fresh.fetcher.load(subject.doc());
    return fresh.each(subject, predicate, null, subject.doc()).map((term) => term.value).sort();
  };

  await check("put writes a document", async () => {
    const response = await store.fetcher.webOperation("PUT", doc.value, {
      data: '<#it> <https://vocab.example/#name> "first".', contentType: "text/turtle",
    });
    assert.equal(response.status, 201);
  });
  await check("load reads it", async () => {
    await store.fetcher.load(doc);
    assert.equal(store.any(it, EX("name"), null, doc).value, "first");
  });
  await check("the document is known to be editable, for bob it is not", async () => {
    assert.equal(await store.updater.checkEditable(doc), "SPARQL");
    await rejects(() => storeFor(bob).fetcher.load(doc), 403);
  });
  await check("update inserts a statement", async () => {
    await store.updater.update([], [st(it, EX("tag"), lit("a"), doc), st(it, EX("tag"), lit("b"), doc)]);
    assert.deepEqual(await stored(it, EX("tag")), ["a", "b"]);
  });
  await check("update deletes and inserts in one change", async () => {
    await store.updater.update([st(it, EX("name"), lit("first"), doc)], [st(it, EX("name"), lit("second"), doc)]);
    assert.deepEqual(await stored(it, EX("name")), ["second"]);
  });
  await check("update deletes", async () => {
    await store.updater.update([st(it, EX("tag"), lit("a"), doc)], []);
    assert.deepEqual(await stored(it, EX("tag")), ["b"]);
  });
  await check("two updates at once both arrive", async () => {
    await Promise.all(["c", "d"].map((tag) => store.updater.update([], [st(it, EX("tag"), lit(tag), doc)])));
    assert.deepEqual(await stored(it, EX("tag")), ["b", "c", "d"]);
  });
  await check("an update may reach into a blank node", async () => {
    const place = sym(`${home}place`);
    await turtle(place.value, '<#it> <https://vocab.example/#at> [ <https://vocab.example/#city> "Oslo" ].', alice.fetch);
    await store.fetcher.load(place);
    const node = store.any(sym(`${place.value}#it`), EX("at"), null, place);
    await store.updater.update([st(node, EX("city"), lit("Oslo"), place)], [st(node, EX("city"), lit("Bergen"), place)]);
    const fresh = storeFor(alice);
    await fresh.fetcher.load(place);
    const cities = fresh.each(fresh.any(sym(`${place.value}#it`), EX("at"), null, place), EX("city"));
    assert.deepEqual(cities.map((city) => city.value), ["Bergen"]);
  });
  await check("an N3 patch made by the library is understood", async () => {
    const patch = store.updater.constructN3PatchQuery(
      [st(it, EX("name"), lit("second"), doc)], [st(it, EX("name"), lit("third"), doc)], []);
    const response = await store.fetcher.webOperation("PATCH", doc.value, { data: patch, contentType: "text/n3" });
    assert.ok(response.ok);
    assert.deepEqual(await stored(it, EX("name")), ["third"]);
  });
  await check("update creates a document that does not exist", async () => {
    const fresh = sym(`${home}made-by-update`);
    await store.updater.update([], [st(sym(`${fresh.value}#it`), EX("name"), lit("new"), fresh)]);
    assert.deepEqual(await stored(sym(`${fresh.value}#it`), EX("name")), ["new"]);
  });
  await check("updateMany changes two documents", async () => {
    const docs = [sym(`${home}one`), sym(`${home}two`)];
    for (const each of docs) await turtle(each.value, "<#it> <https://vocab.example/#n> 0.", alice.fetch);
    await store.updater.updateMany([], docs.map((each) => st(sym(`${each.value}#it`), EX("tag"), lit("x"), each)));
    for (const each of docs) assert.deepEqual(await stored(sym(`${each.value}#it`), EX("tag")), ["x"]);
  });
  await check("put of a graph replaces a document", async () => {
    const replaced = sym(`${home}one`);
    const statements = [st(sym(`${replaced.value}#it`), EX("tag"), lit("only"), replaced)];
    await new Promise((resolve, reject) => {
      store.updater.put(replaced, statements, "text/turtle", (uri, ok, message) => (ok ? resolve() : reject(new Error(message))));
    });
    assert.deepEqual(await stored(sym(`${replaced.value}#it`), EX("tag")), ["only"]);
    assert.deepEqual(await stored(sym(`${replaced.value}#it`), EX("n")), []);
  });
  await check("createContainer makes a container of that name", async () => {
    await store.fetcher.createContainer(home, "folder");
    const fresh = storeFor(alice);
    await fresh.fetcher.load(sym(home));
    const members = fresh.each(sym(home), LDP("contains"), null, sym(home)).map((member) => member.value);
    assert.ok(members.includes(`${home}folder/`), String(members));
    assert.ok(members.includes(doc.value));
  });
  await check("createIfNotExists leaves what exists alone", async () => {
    await store.fetcher.createIfNotExists(doc, "text/turtle", "");
    assert.deepEqual(await stored(it, EX("name")), ["third"]);
    await store.fetcher.createIfNotExists(sym(`${home}blank`), "text/turtle", "");
    assert.equal((await alice.fetch(`${home}blank`)).status, 200);
  });
  await check("a copy keeps the content", async () => {
    await store.fetcher.webCopy(doc.value, `${home}copy`, "text/turtle");
    const read = async (url) => (await alice.fetch(url)).text();
    assert.equal(await read(`${home}copy`), await read(doc.value));
  });
  await check("delete removes the document", async () => {
    await store.fetcher.delete(`${home}copy`);
    await rejects(() => storeFor(alice).fetcher.load(sym(`${home}copy`)), 404);
  });
  await check("an update without access is refused and changes nothing", async () => {
    const query = store.updater.constructSparqlUpdateQuery([], [st(it, EX("name"), lit("bob was here"), doc)], []);
    const patch = { data: query, contentType: "application/sparql-update" };
    await rejects(() => storeFor(bob).fetcher.webOperation("PATCH", doc.value, patch), 403);
    assert.deepEqual(await stored(it, EX("name")), ["third"]);
  });
});
