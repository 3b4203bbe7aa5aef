import { randomBytes } from "node:crypto";
import {
  createContainerAt, deleteFile, getContainedResourceUrlAll, getContentType, getFile, getSolidDataset, getSourceUrl,
  isRawData, overwriteFile, saveFileInContainer,
} from "@inrupt/solid-client";
import { assert, check, freshContainer, rejects, scenario, signIn } from "./harness.mjs";

const bytesOf = async (file) => Buffer.from(await file.arrayBuffer());
const text = (content, type = "text/plain") => new Blob([content], { type });

await scenario(async () => {
  const { fetch, ...alice } = await signIn("alice");
  const home = freshContainer(alice, "files");
  const picture = randomBytes(1024 * 1024);
  await createContainerAt(home, { fetch });

  await check("a slug names the file saved in a container", async () => {
    const options = { slug: "owl.png", contentType: "image/png", fetch };
    const saved = await saveFileInContainer(home, new Blob([picture], { type: "image/png" }), options);
    assert.equal(getSourceUrl(saved), `${home}owl.png`);
  });
  await check("a megabyte of bytes reads back as written", async () => {
    const file = await getFile(`${home}owl.png`, { fetch });
    assert.ok(picture.equals(await bytesOf(file)));
    assert.equal(getContentType(file), "image/png");
    assert.equal(isRawData(file), true);
  });
  await check("a part of a file can be asked for", async () => {
    const file = await getFile(`${home}owl.png`, { fetch, init: { headers: { Range: "bytes=1000-1999" } } });
    assert.ok(picture.subarray(1000, 2000).equals(await bytesOf(file)));
  });
  await check("a file without a slug gets a name", async () => {
    const saved = await saveFileInContainer(home, text("unnamed"), { contentType: "text/plain", fetch });
    assert.ok(getSourceUrl(saved).startsWith(home));
    assert.equal(await (await getFile(getSourceUrl(saved), { fetch })).text(), "unnamed");
  });
  await check("a slug that is taken gives another name", async () => {
    const options = { slug: "owl.png", contentType: "text/plain", fetch };
    const saved = await saveFileInContainer(home, text("not an owl"), options);
    assert.notEqual(getSourceUrl(saved), `${home}owl.png`);
    assert.ok(picture.equals(await bytesOf(await getFile(`${home}owl.png`, { fetch }))));
  });
  await check("overwriteFile creates a file and its containers", async () => {
    const saved = await overwriteFile(`${home}2026/11/note.txt`, text("first ✓"), { contentType: "text/plain", fetch });
    assert.equal(getSourceUrl(saved), `${home}2026/11/note.txt`);
    assert.equal(await (await getFile(`${home}2026/11/note.txt`, { fetch })).text(), "first ✓");
  });
  await check("overwriteFile replaces content and media type", async () => {
    await overwriteFile(`${home}2026/11/note.txt`, text('{"a": 1}'), { contentType: "application/json", fetch });
    const file = await getFile(`${home}2026/11/note.txt`, { fetch });
    assert.equal(await file.text(), '{"a": 1}');
    assert.equal(getContentType(file), "application/json");
  });
  await check("an empty file is a file", async () => {
    await overwriteFile(`${home}empty.txt`, text(""), { contentType: "text/plain", fetch });
    assert.equal((await getFile(`${home}empty.txt`, { fetch })).size, 0);
  });
  await check("Turtle written as a file is a dataset", async () => {
    const body = text("<#it> <#is> 'data'.", "text/turtle");
    const saved = await overwriteFile(`${home}data.ttl`, body, { contentType: "text/turtle", fetch });
    assert.equal(isRawData(await getSolidDataset(getSourceUrl(saved), { fetch })), false);
  });
  await check("the container lists the files", async () => {
    const urls = getContainedResourceUrlAll(await getSolidDataset(home, { fetch }));
    for (const name of ["owl.png", "2026/", "empty.txt", "data.ttl"]) assert.ok(urls.includes(home + name), name);
  });
  await check("a deleted file is gone, from its container too", async () => {
    await deleteFile(`${home}owl.png`, { fetch });
    await rejects(() => getFile(`${home}owl.png`, { fetch }), 404);
    const urls = getContainedResourceUrlAll(await getSolidDataset(home, { fetch }));
    assert.ok(!urls.includes(`${home}owl.png`));
  });
});
