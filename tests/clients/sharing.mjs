// What owners share on the page, and what apps give with the library, is the same: each reads and changes what the other
// wrote. In either language of access rules.
import { acp_ess_2 as acp, getSolidDataset, universalAccess } from "@inrupt/solid-client";
import { NOTHING, assert, check, rejects, scenario, secrets, target, turtle } from "./harness.mjs";
import { Person } from "./person.mjs";

const { getAgentAccess, getPublicAccess, setAgentAccess, setPublicAccess } = universalAccess;
const READ = { ...NOTHING, read: true };
const EDIT = { ...READ, append: true, write: true };

await scenario(async () => {
  const { alice, bob, home, note, owner, guest, stranger } = await secrets("sharing");
  const person = new Person("alice");
  const told = (page) => page.html.split("<h2>Who has access</h2>")[1].split("<h2>")[0].replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");

  async function pageOf(url) {
    const page = await person.visit(`${target.issuer}.account/sharing?resource=${encodeURIComponent(url)}`);
    return page.asks("password") ? person.submit(page, "password", { name: "alice", password: target.accounts.alice.password }) : page;
  }
  async function press(url, path, fields) {
    const page = await pageOf(url);
    const csrf = page.form("csrf").given.csrf;
    const body = new URLSearchParams({ csrf, resource: url, ...fields });
    return person.visit(new URL(path, target.issuer), { method: "POST", body, headers: { Origin: page.url.origin } });
  }
  const share = (url, fields) => press(url, "/.account/sharing", { whom: "person", iri: "", ...fields });
  const takeBack = (url, fields) => press(url, "/.account/sharing/remove", fields);

  await check("what the library gives is on the page", async () => {
    await setAgentAccess(note, bob.webId, { read: true, append: true, write: true }, owner);
    assert.match(told(await pageOf(note)), /bob .* Can see and change/);
  });
  await check("what the page takes back is gone for the library, and for bob", async () => {
    await takeBack(note, { whom: "person", iri: bob.webId });
    assert.deepEqual(await getAgentAccess(note, bob.webId, owner), NOTHING);
    await rejects(() => getSolidDataset(note, guest), 403);
    assert.equal((await turtle(note, "<#it> <#says> 'still mine'.", alice.fetch)).ok, true);
  });
  await check("what the page gives is there for the library, and for bob", async () => {
    await share(note, { who: "bob", level: "edit" });
    assert.deepEqual(await getAgentAccess(note, bob.webId, owner), EDIT);
    assert.ok((await turtle(note, "<#it> <#says> 'changed by bob'.", bob.fetch)).ok);
    await share(note, { who: "bob", level: "read" });
    assert.deepEqual(await getAgentAccess(note, bob.webId, owner), READ);
  });
  await check("what the library adds stays when the page changes something else", async () => {
    await setPublicAccess(note, { read: true }, owner);
    await share(note, { who: "bob", level: "read", days: "7" });
    assert.match(told(await pageOf(note)), /bob .* Can see, until .* Everyone|Everyone .* bob .* Can see, until/);
    assert.deepEqual(await getPublicAccess(note, owner), READ);
    await getSolidDataset(note, stranger);
  });
  await check("what the page gave with an end is taken back", async () => {
    await setPublicAccess(note, { read: false }, owner);
    await getSolidDataset(note, guest);
    // Of policies, the library changes none but its own.
    if (await acp.isAcpControlled(note, owner)) await takeBack(note, { whom: "person", iri: bob.webId });
    else await setAgentAccess(note, bob.webId, { read: false, append: false, write: false }, owner);
    await rejects(() => getSolidDataset(note, guest), 403);
    assert.doesNotMatch(told(await pageOf(note)), /bob/);
  });
  await check("a folder shared on the page is open inside, and closed again", async () => {
    await share(home, { who: "bob", level: "add" });
    await getSolidDataset(home, guest);
    assert.ok((await turtle(`${home}by-bob`, "<#it> <#says> 'hello'.", bob.fetch)).ok);
    await takeBack(home, { whom: "person", iri: bob.webId });
    await rejects(() => getSolidDataset(`${home}by-bob`, guest), 403);
  });
});
