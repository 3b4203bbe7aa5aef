import {
  createAcl, createAclFromFallbackAcl, createContainerAt, deleteAclFor, getAgentAccess, getFileWithAcl, getPublicAccess,
  getResourceAcl, getResourceInfo, getResourceInfoWithAcl, getSolidDataset, getSolidDatasetWithAcl, hasAccessibleAcl, hasFallbackAcl,
  hasResourceAcl, saveAclFor, setAgentDefaultAccess, setAgentResourceAccess, setGroupResourceAccess,
  setPublicDefaultAccess, setPublicResourceAccess,
} from "@inrupt/solid-client";
import { assert, check, freshContainer, rejects, scenario, signIn, turtle } from "./harness.mjs";

const READ = { read: true, append: false, write: false, control: false };
const ALL = { read: true, append: true, write: true, control: true };
const NONE = { read: false, append: false, write: false, control: false };

await scenario(async () => {
  const alice = await signIn("alice");
  const bob = await signIn("bob");
  const home = freshContainer(alice, "legacy");
  const note = `${home}note`;
  const owner = { fetch: alice.fetch };
  const guest = { fetch: bob.fetch };
  await turtle(note, "<#it> <#says> 'secret'.", alice.fetch);

  await check("a new resource falls back on the rules above it", async () => {
    const dataset = await getSolidDatasetWithAcl(note, owner);
    assert.equal(hasAccessibleAcl(dataset), true);
    assert.equal(hasResourceAcl(dataset), false);
    assert.equal(hasFallbackAcl(dataset), true);
    assert.deepEqual(getAgentAccess(dataset, alice.webId), ALL);
    await rejects(() => getSolidDataset(note, guest), 403);
  });
  await check("own rules made from the fallback let bob read", async () => {
    const dataset = await getSolidDatasetWithAcl(note, owner);
    const acl = setAgentResourceAccess(createAclFromFallbackAcl(dataset), bob.webId, READ);
    await saveAclFor(dataset, acl, owner);
    await getSolidDataset(note, guest);
    assert.equal((await turtle(note, "<#it> <#says> 'mine'.", bob.fetch)).status, 403);
  });
  await check("the saved rules read back", async () => {
    const dataset = await getSolidDatasetWithAcl(note, owner);
    assert.equal(hasResourceAcl(dataset), true);
    assert.deepEqual(getAgentAccess(dataset, bob.webId), READ);
    assert.deepEqual(getAgentAccess(dataset, alice.webId), ALL);
    assert.deepEqual(getPublicAccess(dataset), NONE);
  });
  await check("bob, who may read, does not see the rules", async () => {
    const acl = (await getResourceInfo(note, guest)).internal_resourceInfo.aclUrl ?? `${note}.acl`;
    await rejects(() => getSolidDataset(acl, guest), 403);
  });
  await check("rules that exist are changed in place", async () => {
    const dataset = await getSolidDatasetWithAcl(note, owner);
    await saveAclFor(dataset, setPublicResourceAccess(getResourceAcl(dataset), READ), owner);
    await getSolidDataset(note, { fetch });
  });
  await check("deleting the rules falls back again", async () => {
    await deleteAclFor(await getSolidDatasetWithAcl(note, owner), owner);
    await rejects(() => getSolidDataset(note, { fetch }), 401);
    await rejects(() => getSolidDataset(note, guest), 403);
    await getSolidDataset(note, owner);
  });
  await check("default rules of a container reach what it holds, also what comes later", async () => {
    const folder = `${home}shared/`;
    await createContainerAt(folder, owner);
    await turtle(`${folder}before`, "<#a> <#b> 1.", alice.fetch);
    const info = await getResourceInfoWithAcl(folder, owner);
    const acl = setAgentDefaultAccess(createAclFromFallbackAcl(info), bob.webId, READ);
    await saveAclFor(info, acl, owner);
    await turtle(`${folder}deep/after`, "<#a> <#b> 2.", alice.fetch);
    await getSolidDataset(`${folder}before`, guest);
    await getSolidDataset(`${folder}deep/after`, guest);
    await rejects(() => getSolidDataset(folder, guest), 403);
  });
  await check("public default rules open a container's contents", async () => {
    const info = await getResourceInfoWithAcl(`${home}shared/`, owner);
    await saveAclFor(info, setPublicDefaultAccess(getResourceAcl(info), READ), owner);
    await getSolidDataset(`${home}shared/before`, { fetch });
    await rejects(() => getSolidDataset(`${home}shared/`, { fetch }), 401);
  });
  await check("a group in the pod gives its members access", async () => {
    const group = `${home}friends#group`;
    const members = `<#group> a <http://www.w3.org/2006/vcard/ns#Group>; <http://www.w3.org/2006/vcard/ns#hasMember> <${bob.webId}>.`;
    await turtle(`${home}friends`, members, alice.fetch);
    await turtle(`${home}album`, "<#it> <#has> 'pictures'.", alice.fetch);
    const file = await getFileWithAcl(`${home}album`, owner);
    await saveAclFor(file, setGroupResourceAccess(createAclFromFallbackAcl(file), group, READ), owner);
    // A group is read as the public may read it, so its document has to be public.
    const list = await getSolidDatasetWithAcl(`${home}friends`, owner);
    const open = setPublicResourceAccess(createAclFromFallbackAcl(list), READ);
    await saveAclFor(list, open, owner);
    await getSolidDataset(`${home}album`, guest);
    await rejects(() => getSolidDataset(`${home}album`, { fetch }), 401);
  });
  await check("rules written from nothing replace the fallback", async () => {
    await turtle(`${home}fresh`, "<#it> <#is> 'new'.", alice.fetch);
    const dataset = await getSolidDatasetWithAcl(`${home}fresh`, owner);
    const mine = setAgentResourceAccess(createAcl(dataset), alice.webId, ALL);
    await saveAclFor(dataset, setAgentResourceAccess(mine, bob.webId, ALL), owner);
    assert.ok((await turtle(`${home}fresh`, "<#it> <#is> 'his'.", bob.fetch)).ok);
    const seen = await getSolidDatasetWithAcl(`${home}fresh`, guest);
    assert.deepEqual(getAgentAccess(seen, bob.webId), ALL);
  });
});
