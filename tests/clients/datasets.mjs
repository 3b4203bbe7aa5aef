import {
  addStringNoLocale, addUrl, buildThing, createSolidDataset, createThing, deleteSolidDataset, getJsonLdParser,
  getSolidDataset, getSourceUrl, getStringNoLocale, getStringNoLocaleAll, getThing, getThingAll, getUrl, removeThing,
  saveSolidDatasetAt, saveSolidDatasetInContainer, setStringNoLocale, setThing,
} from "@inrupt/solid-client";
import { assert, check, freshContainer, rejects, scenario, signIn, turtle } from "./harness.mjs";

const NAME = "http://xmlns.com/foaf/0.1/name";
const KNOWS = "http://xmlns.com/foaf/0.1/knows";

const person = (name) => setThing(createSolidDataset(), addStringNoLocale(createThing({ name: "it" }), NAME, name));
const nameIn = (dataset, url) => getStringNoLocale(getThing(dataset, `${url}#it`), NAME);
const rename = (dataset, url, name) => setThing(dataset, setStringNoLocale(getThing(dataset, `${url}#it`), NAME, name));

await scenario(async () => {
  const { fetch, pod, ...alice } = await signIn("alice");
  const home = freshContainer({ pod, ...alice }, "datasets");
  const url = `${home}deep/down/person`;

  await check("a new dataset is created with its containers", async () => {
    const saved = await saveSolidDatasetAt(url, person("Ada"), { fetch });
    assert.equal(getSourceUrl(saved), url);
    assert.equal((await fetch(`${home}deep/`)).status, 200);
  });
  await check("it reads back as written", async () => {
    assert.equal(nameIn(await getSolidDataset(url, { fetch }), url), "Ada");
  });
  await check("it reads as JSON-LD too", async () => {
    const parsers = { "application/ld+json": getJsonLdParser() };
    assert.equal(nameIn(await getSolidDataset(url, { fetch, parsers }), url), "Ada");
  });
  await check("saving without a change log never overwrites", async () => {
    await rejects(() => saveSolidDatasetAt(url, person("Eve"), { fetch }), 412);
    assert.equal(nameIn(await getSolidDataset(url, { fetch }), url), "Ada");
  });
  await check("saving with a change log replaces just what changed", async () => {
    const dataset = await getSolidDataset(url, { fetch });
    const knows = addUrl(getThing(dataset, `${url}#it`), KNOWS, "https://bob.example/#me");
    await saveSolidDatasetAt(url, rename(setThing(dataset, knows), url, "Ada Lovelace"), { fetch });
    const again = await getSolidDataset(url, { fetch });
    assert.deepEqual(getStringNoLocaleAll(getThing(again, `${url}#it`), NAME), ["Ada Lovelace"]);
  });
  await check("the saved dataset can be changed and saved again", async () => {
    let dataset = await getSolidDataset(url, { fetch });
    for (const name of ["One", "Two", "Three"]) {
      dataset = await saveSolidDatasetAt(url, rename(dataset, url, name), { fetch });
    }
    assert.equal(nameIn(await getSolidDataset(url, { fetch }), url), "Three");
  });
  await check("changes made by two sessions at once both arrive", async () => {
    const [one, two] = [await getSolidDataset(url, { fetch }), await getSolidDataset(url, { fetch })];
    const add = (dataset, id) => setThing(dataset, buildThing({ name: id }).addStringNoLocale(NAME, id).build());
    await Promise.all([
      saveSolidDatasetAt(url, add(one, "left"), { fetch }),
      saveSolidDatasetAt(url, add(two, "right"), { fetch }),
    ]);
    const things = getThingAll(await getSolidDataset(url, { fetch })).map((thing) => thing.url);
    assert.deepEqual(things.sort(), [`${url}#it`, `${url}#left`, `${url}#right`]);
  });
  await check("a thing can be removed", async () => {
    const dataset = await getSolidDataset(url, { fetch });
    await saveSolidDatasetAt(url, removeThing(dataset, `${url}#left`), { fetch });
    assert.equal(getThing(await getSolidDataset(url, { fetch }), `${url}#left`), null);
  });
  await check("blank nodes survive a change beside them", async () => {
    const place = `${home}place`;
    await turtle(place, "<#it> <#address> [ <#city> 'Oslo' ]; <#list> (1 2); <#name> 'here'.", fetch);
    const dataset = await getSolidDataset(place, { fetch });
    const thing = setStringNoLocale(getThing(dataset, `${place}#it`), `${place}#name`, "there");
    await saveSolidDatasetAt(place, setThing(dataset, thing), { fetch });
    const text = await (await fetch(place, { headers: { Accept: "application/n-triples" } })).text();
    assert.match(text, /"there"/);
    assert.match(text, /_:\S+ \S+city> "Oslo"/);
    assert.equal(text.match(/rdf-syntax-ns#first>/g).length, 2);
  });
  await check("a slug names the dataset posted to a container", async () => {
    const first = await saveSolidDatasetInContainer(home, person("A"), { fetch, slugSuggestion: "card" });
    const second = await saveSolidDatasetInContainer(home, person("B"), { fetch, slugSuggestion: "card" });
    assert.equal(getSourceUrl(first), `${home}card`);
    assert.notEqual(getSourceUrl(second), getSourceUrl(first));
    assert.equal(nameIn(await getSolidDataset(getSourceUrl(second), { fetch }), getSourceUrl(second)), "B");
  });
  await check("names with spaces and other scripts work", async () => {
    const odd = `${home}${encodeURIComponent("blå bær – 青い")}`;
    await saveSolidDatasetAt(odd, person("Bær"), { fetch });
    assert.equal(nameIn(await getSolidDataset(odd, { fetch }), odd), "Bær");
    const listed = getThing(await getSolidDataset(home, { fetch }), odd);
    assert.ok(listed, "the container lists it under the same URL");
  });
  await check("a deleted dataset is gone", async () => {
    await deleteSolidDataset(await getSolidDataset(`${home}card`, { fetch }), { fetch });
    await rejects(() => getSolidDataset(`${home}card`, { fetch }), 404);
  });
  await check("a change to a dataset deleted meanwhile makes it anew", async () => {
    const dataset = await saveSolidDatasetAt(`${home}gone`, person("Ghost"), { fetch });
    await deleteSolidDataset(`${home}gone`, { fetch });
    const thing = addUrl(createThing({ name: "new" }), KNOWS, "https://bob.example/#me");
    await saveSolidDatasetAt(`${home}gone`, setThing(dataset, thing), { fetch });
    const again = await getSolidDataset(`${home}gone`, { fetch });
    assert.equal(getUrl(getThing(again, `${home}gone#new`), KNOWS), "https://bob.example/#me");
    assert.equal(getThing(again, `${home}gone#it`), null);
  });
});
