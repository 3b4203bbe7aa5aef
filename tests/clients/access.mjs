import {
  createContainerAt, createSolidDataset, getFile, getSolidDataset, getSourceUrl, overwriteFile, saveFileInContainer,
  saveSolidDatasetAt, universalAccess,
} from "@inrupt/solid-client";
import { ALL, NOTHING, assert, check, rejects, scenario, secrets, turtle } from "./harness.mjs";

const { getAgentAccess, getAgentAccessAll, getPublicAccess, setAgentAccess, setPublicAccess } = universalAccess;

await scenario(async () => {
  const { alice, bob, home, note, other, owner, guest, stranger } = await secrets("access");

  await check("before: the owner has everything, nobody else anything", async () => {
    assert.deepEqual(await getAgentAccess(note, alice.webId, owner), ALL);
    assert.deepEqual(await getAgentAccess(note, bob.webId, owner), NOTHING);
    assert.deepEqual(await getPublicAccess(note, owner), NOTHING);
    await rejects(() => getSolidDataset(note, guest), 403);
  });
  await check("read for bob: he reads, and no more", async () => {
    const given = await setAgentAccess(note, bob.webId, { read: true }, owner);
    assert.deepEqual(given, { ...NOTHING, read: true });
    await getSolidDataset(note, guest);
    assert.equal((await turtle(note, "<#it> <#says> 'mine'.", bob.fetch)).status, 403);
  });
  await check("what bob may is told as it was given", async () => {
    assert.deepEqual(await getAgentAccess(note, bob.webId, owner), { ...NOTHING, read: true });
    const everyone = await getAgentAccessAll(note, owner);
    assert.deepEqual(Object.keys(everyone).sort(), [alice.webId, bob.webId].sort());
  });
  await check("the owner keeps everything, a stranger nothing, the neighbour stays closed", async () => {
    assert.deepEqual(await getAgentAccess(note, alice.webId, owner), ALL);
    await rejects(() => getSolidDataset(note, stranger), 401);
    await rejects(() => getSolidDataset(other, guest), 403);
  });
  await check("bob may not read or change the rules", async () => {
    assert.equal((await bob.fetch(`${note}.acl`)).status, 403);
    await setAgentAccess(note, bob.webId, { write: true }, guest).catch(() => undefined);
    assert.deepEqual(await getAgentAccess(note, bob.webId, owner), { ...NOTHING, read: true });
  });
  await check("write for bob: he changes and replaces", async () => {
    await setAgentAccess(note, bob.webId, { read: true, append: true, write: true }, owner);
    assert.ok((await turtle(note, "<#it> <#says> 'changed by bob'.", bob.fetch)).ok);
    assert.match(await (await getFile(note, owner)).text(), /changed by bob/);
  });
  await check("control for bob: he gives access himself", async () => {
    await setAgentAccess(note, bob.webId, { controlRead: true, controlWrite: true }, owner);
    assert.deepEqual(await setPublicAccess(note, { read: true }, guest), { ...NOTHING, read: true });
    await getSolidDataset(note, stranger);
  });
  await check("taking all from bob shuts him out at once", async () => {
    await setPublicAccess(note, { read: false }, owner);
    await setAgentAccess(note, bob.webId, NOTHING, owner);
    await rejects(() => getSolidDataset(note, guest), 403);
    await rejects(() => getSolidDataset(note, stranger), 401);
  });
  await check("append on a container: bob drops files in and cannot look", async () => {
    const inbox = `${home}inbox/`;
    await createContainerAt(inbox, owner);
    await setAgentAccess(inbox, bob.webId, { append: true }, owner);
    const options = { ...guest, slug: "hello.txt", contentType: "text/plain" };
    const dropped = getSourceUrl(await saveFileInContainer(inbox, new Blob(["hello"], { type: "text/plain" }), options));
    assert.match(dropped, new RegExp(`^${inbox}hello-[0-9a-f]+\\.txt$`));
    assert.equal(await (await getFile(dropped, owner)).text(), "hello");
    await rejects(() => getSolidDataset(inbox, guest), 403);
    await rejects(() => getFile(dropped, guest), 403);
    await rejects(() => overwriteFile(dropped, new Blob(["bye"]), guest), 403);
  });
  await check("access to a container is not access to what it holds", async () => {
    const folder = `${home}folder/`;
    await saveSolidDatasetAt(`${folder}inside`, createSolidDataset(), owner);
    await setAgentAccess(folder, bob.webId, { read: true }, owner);
    await getSolidDataset(folder, guest);
    await rejects(() => getSolidDataset(`${folder}inside`, guest), 403);
  });
  await check("public read opens one resource to strangers", async () => {
    assert.deepEqual(await setPublicAccess(other, { read: true }, owner), { ...NOTHING, read: true });
    await getSolidDataset(other, stranger);
    assert.deepEqual(await getPublicAccess(other, owner), { ...NOTHING, read: true });
    await setPublicAccess(other, { read: false }, owner);
    await rejects(() => getSolidDataset(other, stranger), 401);
  });
});
