import {
  addStringNoLocale, createContainerAt, createContainerInContainer, createSolidDataset, createThing, deleteContainer,
  deleteFile, getContainedResourceUrlAll, getDatetime, getSolidDataset, getSourceUrl, getStringNoLocale, getThing,
  getUrlAll, isContainer, overwriteFile, setThing, validateContainedResourceAll,
} from "@inrupt/solid-client";
import { assert, check, freshContainer, rejects, scenario, signIn } from "./harness.mjs";

const LDP = "http://www.w3.org/ns/ldp#";
const TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const TITLE = "http://purl.org/dc/terms/title";

await scenario(async () => {
  const { fetch, ...alice } = await signIn("alice");
  const home = freshContainer(alice, "containers");
  const members = async (url) => getContainedResourceUrlAll(await getSolidDataset(url, { fetch })).sort();

  await check("a container is created at a URL", async () => {
    const made = await createContainerAt(home, { fetch });
    assert.equal(getSourceUrl(made), home);
    assert.equal(isContainer(made), true);
    assert.deepEqual(await members(home), []);
  });
  await check("creating it again is refused", async () => {
    await rejects(() => createContainerAt(home, { fetch }), 409, 412);
  });
  await check("a container says what it is", async () => {
    const types = getUrlAll(getThing(await getSolidDataset(home, { fetch }), home), TYPE);
    assert.ok(types.includes(`${LDP}Container`) && types.includes(`${LDP}BasicContainer`), String(types));
  });
  await check("a slug names a container made in a container", async () => {
    const made = await createContainerInContainer(home, { fetch, slugSuggestion: "photos" });
    assert.equal(getSourceUrl(made), `${home}photos/`);
    const other = await createContainerInContainer(home, { fetch, slugSuggestion: "photos" });
    assert.notEqual(getSourceUrl(other), `${home}photos/`);
    assert.ok(isContainer(other));
    await deleteContainer(getSourceUrl(other), { fetch });
  });
  await check("a container without a slug gets a name", async () => {
    const made = await createContainerInContainer(home, { fetch });
    assert.ok(isContainer(made) && getSourceUrl(made).startsWith(home));
    await deleteContainer(getSourceUrl(made), { fetch });
  });
  await check("parents are made with a deep container", async () => {
    await createContainerAt(`${home}a/b/c/`, { fetch });
    assert.deepEqual(await members(`${home}a/`), [`${home}a/b/`]);
  });
  await check("members are listed, direct ones only, with their dates", async () => {
    await overwriteFile(`${home}note.txt`, new Blob(["x"]), { contentType: "text/plain", fetch });
    const listing = await getSolidDataset(home, { fetch });
    const urls = getContainedResourceUrlAll(listing).sort();
    assert.deepEqual(urls, [`${home}a/`, `${home}note.txt`, `${home}photos/`]);
    assert.equal(validateContainedResourceAll(listing).isValid, true);
    const modified = getDatetime(getThing(listing, `${home}note.txt`), "http://purl.org/dc/terms/modified");
    assert.ok(Math.abs(Date.now() - modified.getTime()) < 60_000, String(modified));
  });
  await check("a container can be created with a description", async () => {
    const url = `${home}described/`;
    const thing = addStringNoLocale(createThing({ url }), TITLE, "Holiday");
    await createContainerAt(url, { fetch, initialContent: setThing(createSolidDataset(), thing) });
    assert.equal(getStringNoLocale(getThing(await getSolidDataset(url, { fetch }), url), TITLE), "Holiday");
  });
  await check("a container that holds something is not deleted", async () => {
    await rejects(() => deleteContainer(`${home}a/`, { fetch }), 409);
    assert.deepEqual(await members(`${home}a/`), [`${home}a/b/`]);
  });
  await check("an emptied container is deleted", async () => {
    await deleteFile(`${home}note.txt`, { fetch });
    for (const name of ["a/b/c/", "a/b/", "a/", "photos/", "described/"]) {
      await deleteContainer(home + name, { fetch });
    }
    assert.deepEqual(await members(home), []);
    await deleteContainer(await getSolidDataset(home, { fetch }), { fetch });
    await rejects(() => getSolidDataset(home, { fetch }), 404);
  });
  await check("a storage cannot be deleted", async () => {
    await rejects(() => deleteContainer(alice.pod, { fetch }), 405);
  });
});
