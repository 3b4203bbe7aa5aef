// On a server whose access rules are those of Access Control Policy; `controlRead` and `controlWrite` of the library are
// left out: it writes them as acp:access, which the specification does not know.
import {
  acp_ess_2 as acp, asUrl, createContainerAt, getSolidDataset, getSourceUrl, saveFileInContainer, universalAccess,
} from "@inrupt/solid-client";
import { NOTHING, assert, check, rejects, scenario, secrets, turtle } from "./harness.mjs";

const { getAgentAccess, getPublicAccess, setAgentAccess, setPublicAccess } = universalAccess;

await scenario(async () => {
  const { alice, bob, home, note, other, owner, guest, stranger } = await secrets("acp");

  await check("the library sees Access Control Policy, on what has no rules of its own too", async () => {
    assert.equal(await acp.isAcpControlled(note, owner), true);
    assert.equal(await acp.isAcpControlled(home, owner), true);
    assert.ok(acp.hasAccessibleAcr(await acp.getSolidDatasetWithAcr(note, owner)));
    assert.ok(!acp.hasAccessibleAcr(await acp.getResourceInfoWithAcr(alice.webId, guest)));
  });
  await check("universalAccess: read for bob, and no more", async () => {
    await rejects(() => getSolidDataset(note, guest), 403);
    assert.deepEqual(await setAgentAccess(note, bob.webId, { read: true }, owner), { ...NOTHING, read: true });
    await getSolidDataset(note, guest);
    assert.equal((await turtle(note, "<#it> <#says> 'mine'.", bob.fetch)).status, 403);
    assert.deepEqual(await getAgentAccess(note, bob.webId, owner), { ...NOTHING, read: true });
    await rejects(() => getSolidDataset(other, guest), 403);
    assert.equal((await bob.fetch(`${note}.acl`)).status, 403);
  });
  await check("universalAccess: write for bob, and all of it taken again", async () => {
    await setAgentAccess(note, bob.webId, { read: true, append: true, write: true }, owner);
    assert.ok((await turtle(note, "<#it> <#says> 'changed by bob'.", bob.fetch)).ok);
    await setAgentAccess(note, bob.webId, { read: false, append: false, write: false }, owner);
    await rejects(() => getSolidDataset(note, guest), 403);
    await getSolidDataset(note, owner);
  });
  await check("universalAccess: public read opens one resource to strangers, and closes it", async () => {
    assert.deepEqual(await setPublicAccess(other, { read: true }, owner), { ...NOTHING, read: true });
    await getSolidDataset(other, stranger);
    assert.deepEqual(await getPublicAccess(other, owner), { ...NOTHING, read: true });
    await setPublicAccess(other, { read: false }, owner);
    await rejects(() => getSolidDataset(other, stranger), 401);
  });
  await check("universalAccess: append on a container lets bob drop files in", async () => {
    const inbox = `${home}inbox/`;
    await createContainerAt(inbox, owner);
    await setAgentAccess(inbox, bob.webId, { append: true }, owner);
    const options = { ...guest, slug: "hello.txt", contentType: "text/plain" };
    const dropped = getSourceUrl(await saveFileInContainer(inbox, new Blob(["hello"], { type: "text/plain" }), options));
    assert.equal(await (await alice.fetch(dropped)).text(), "hello");
    await rejects(() => getSolidDataset(inbox, guest), 403);
  });
  await check("policies and matchers written one by one: allowed to all signed in, denied to bob", async () => {
    let resource = await acp.getSolidDatasetWithAcr(other, owner);
    resource = withPolicy(resource, "everybody", (policy) => acp.setAllowModes(policy, modes({ read: true })), acp.setAuthenticated);
    await acp.saveAcrFor(resource, owner);
    await getSolidDataset(other, guest);
    resource = await acp.getSolidDatasetWithAcr(other, owner);
    const isBob = (matcher) => acp.setAgent(matcher, bob.webId);
    resource = withPolicy(resource, "not-bob", (policy) => acp.setDenyModes(policy, modes({ read: true })), isBob);
    await acp.saveAcrFor(resource, owner);
    await rejects(() => getSolidDataset(other, guest), 403);
    const applied = acp.getPolicyUrlAll(await acp.getSolidDatasetWithAcr(other, owner));
    assert.ok(["everybody", "not-bob"].every((name) => applied.includes(`${other}.acl#${name}`)));
  });
  await check("a member policy reaches what is inside, now and later, until it is removed", async () => {
    const folder = `${home}folder/`;
    await createContainerAt(folder, owner);
    await turtle(`${folder}before`, "", alice.fetch);
    let resource = await acp.getSolidDatasetWithAcr(folder, owner);
    const isBob = (matcher) => acp.setAgent(matcher, bob.webId);
    const mayRead = (policy) => acp.setAllowModes(policy, modes({ read: true }));
    resource = withPolicy(resource, "inside", mayRead, isBob, acp.addMemberPolicyUrl);
    await acp.saveAcrFor(resource, owner);
    await turtle(`${folder}after`, "", alice.fetch);
    for (const name of ["before", "after"]) await getSolidDataset(`${folder}${name}`, guest);
    await rejects(() => getSolidDataset(folder, guest), 403);
    resource = await acp.getSolidDatasetWithAcr(folder, owner);
    const [url] = acp.getMemberPolicyUrlAll(resource);
    await acp.saveAcrFor(acp.removeMemberPolicyUrl(resource, url), owner);
    await rejects(() => getSolidDataset(`${folder}before`, guest), 403);
  });
});

function modes(given) {
  return { read: false, append: false, write: false, ...given };
}

function withPolicy(resource, name, setModes, setWho, apply = acp.addPolicyUrl) {
  const matcher = setWho(acp.createResourceMatcherFor(resource, `${name}-matcher`));
  let policy = acp.createResourcePolicyFor(resource, name);
  policy = acp.addAnyOfMatcherUrl(setModes(policy), matcher);
  const withBoth = acp.setResourcePolicy(acp.setResourceMatcher(resource, matcher), policy);
  return apply(withBoth, asUrl(policy));
}
