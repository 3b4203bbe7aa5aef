import {
  createSolidDataset, deleteContainer, FetchError, getFile, getSolidDataset, overwriteFile,
  saveFileInContainer, saveSolidDatasetAt,
} from "@inrupt/solid-client";
import { assert, check, freshContainer, rejects, scenario, signIn, turtle } from "./harness.mjs";

await scenario(async () => {
  const alice = await signIn("alice");
  const bob = await signIn("bob");
  const home = freshContainer(alice, "refusals");
  const note = `${home}note`;
  const owner = { fetch: alice.fetch };
  const guest = { fetch: bob.fetch };
  await turtle(note, "<#it> <#says> 'secret'.", alice.fetch);

  const refused = async (action, status) => {
    const error = await rejects(action, status);
    assert.ok(error instanceof FetchError);
    assert.equal(error.problemDetails.status, status);
    assert.ok(error.problemDetails.title.length > 0, "a problem has a title");
    return error;
  };

  await check("401: nobody signed in", () => refused(() => getSolidDataset(note, { fetch }), 401));
  await check("403: signed in without access", () => refused(() => getSolidDataset(note, guest), 403));
  await check("403: writing without access", () =>
    refused(() => saveSolidDatasetAt(`${home}by-bob`, createSolidDataset(), guest), 403));
  await check("missing and forbidden look alike to bob", () => refused(() => getFile(`${home}nothing`, guest), 403));
  await check("404: nothing there", () => refused(() => getSolidDataset(`${home}nothing`, owner), 404));
  await check("404: saving into a container that does not exist", () =>
    refused(() => saveFileInContainer(`${home}nowhere/`, new Blob(["x"]), { ...owner, contentType: "text/plain" }), 404));
  await check("409: a container that is not empty", () => refused(() => deleteContainer(home, owner), 409));
  await check("412: what exists is not created again", () =>
    refused(() => saveSolidDatasetAt(note, createSolidDataset(), owner), 412));
  await check("412: a stale entity tag", async () => {
    const etag = (await alice.fetch(note)).headers.get("ETag");
    assert.ok((await turtle(note, "<#it> <#says> 'newer'.", alice.fetch, { "If-Match": etag })).ok);
    assert.equal((await turtle(note, "<#it> <#says> 'older'.", alice.fetch, { "If-Match": etag })).status, 412);
    assert.match(await (await getFile(note, owner)).text(), /newer/);
  });
  await check("400: malformed Turtle is refused and nothing is stored", async () => {
    const broken = new Blob(["<#a> <#b> ."], { type: "text/turtle" });
    await refused(() => overwriteFile(`${home}broken`, broken, { ...owner, contentType: "text/turtle" }), 400);
    await refused(() => getFile(`${home}broken`, owner), 404);
  });
  await check("a refusal explains itself as a problem document", async () => {
    const error = await rejects(() => deleteContainer(home, owner), 409);
    assert.match(error.response.headers.get("Content-Type"), /^application\/problem\+json/);
    assert.ok(error.problemDetails.detail.length > 0);
  });
});
