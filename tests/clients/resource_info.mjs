import {
  getContentType, getEffectiveAccess, getLinkedResourceUrlAll, getResourceInfo, getSourceUrl, isContainer, isRawData,
  overwriteFile,
} from "@inrupt/solid-client";
import { assert, check, freshContainer, rejects, scenario, signIn, turtle } from "./harness.mjs";

const PIM = "http://www.w3.org/ns/pim/space#";

await scenario(async () => {
  const alice = await signIn("alice");
  const bob = await signIn("bob");
  const { fetch } = alice;
  const home = freshContainer(alice, "info");
  const data = `${home}data`;
  const file = `${home}file.bin`;
  await turtle(data, "<#it> <#is> 'data'.", fetch);
  await overwriteFile(file, new Blob([new Uint8Array(10)]), { contentType: "application/octet-stream", fetch });

  await check("a dataset is told from a file", async () => {
    const [ofData, ofFile] = await Promise.all([getResourceInfo(data, { fetch }), getResourceInfo(file, { fetch })]);
    assert.equal(getSourceUrl(ofData), data);
    assert.match(getContentType(ofData), /^text\/turtle/);
    assert.equal(isRawData(ofData), false);
    assert.equal(isRawData(ofFile), true);
  });
  await check("a container is told from a resource", async () => {
    assert.equal(isContainer(await getResourceInfo(home, { fetch })), true);
    assert.equal(isContainer(await getResourceInfo(data, { fetch })), false);
  });
  await check("links lead to access rules, description and types", async () => {
    const links = getLinkedResourceUrlAll(await getResourceInfo(file, { fetch }));
    assert.equal(links.acl.length, 1);
    assert.equal(links.describedby.length, 1);
    assert.ok(links.type.includes("http://www.w3.org/ns/ldp#Resource"), String(links.type));
  });
  await check("the storage announces itself", async () => {
    const links = getLinkedResourceUrlAll(await getResourceInfo(alice.pod, { fetch }));
    assert.ok(links.type.includes(`${PIM}Storage`), String(links.type));
  });
  await check("a file's description can be written and read", async () => {
    const [meta] = getLinkedResourceUrlAll(await getResourceInfo(file, { fetch })).describedby;
    const body = `INSERT DATA { <${file}> <http://purl.org/dc/terms/title> "Ten zeros" };`;
    const headers = { "Content-Type": "application/sparql-update" };
    assert.ok((await fetch(meta, { method: "PATCH", headers, body })).ok);
    assert.match(await (await fetch(meta)).text(), /Ten zeros/);
  });
  await check("the owner's own access is told", async () => {
    const access = getEffectiveAccess(await getResourceInfo(data, { fetch }));
    assert.deepEqual(access.user, { read: true, append: true, write: true });
    assert.deepEqual(access.public, { read: false, append: false, write: false });
  });
  await check("somebody else is refused, or told that they have none", async () => {
    await rejects(() => getResourceInfo(data, { fetch: bob.fetch }), 403);
    const info = await getResourceInfo(data, { fetch: bob.fetch, ignoreAuthenticationErrors: true });
    assert.equal(getSourceUrl(info), data);
  });
  await check("what does not exist has no information", async () => {
    await rejects(() => getResourceInfo(`${home}nothing`, { fetch }), 404);
  });
});
