import { getSolidDataset, saveFileInContainer } from "@inrupt/solid-client";
import { Session } from "@inrupt/solid-client-authn-node";
import { WebsocketNotification } from "@inrupt/solid-client-notifications";
import { assert, check, rejects, scenario, signIn, target, turtle } from "./harness.mjs";
import { Person } from "./person.mjs";

const { pod, password } = target.accounts.alice;
const field = (path) => `at:${new URL(pod + path).pathname}`;

/** A session of the library in an app that alice lets in on a page, with these choices on it. */
async function letIn(person, clientName, choices = {}) {
  const session = new Session({ keepAlive: false });
  let asked;
  const handleRedirect = (url) => { asked = url; };
  const redirectUrl = "http://127.0.0.1:9/callback";
  await session.login({ oidcIssuer: target.issuer, redirectUrl, clientName, tokenType: "DPoP", handleRedirect });
  await session.handleIncomingRedirect((await person.answer(asked, "allow", choices)).href);
  assert.equal(session.info.webId, target.accounts.alice.webId);
  return session;
}

await scenario(async () => {
  const person = new Person("alice");
  const owner = await signIn("alice");
  await turtle(`${pod}limited/private/note.ttl`, "<#it> <#says> 'private'.", owner.fetch);
  const limited = await letIn(person, "Limited", { access: "some", [field("posts/")]: "see" });
  const status = async (path, options) => (await limited.fetch(pod + path, options)).status;
  let widen;

  await check("a limited app reads where it may, listings included", async () => {
    await getSolidDataset(`${pod}posts/`, { fetch: limited.fetch });
  });
  await check("it is refused everything else, and told that it was the limit", async () => {
    for (const path of ["", "limited/", "limited/private/note.ttl", "settings/prefs.ttl", "inbox/", "posts/.acl", "nothing/here"]) {
      assert.equal(await status(path), 403, path);
    }
    await rejects(() => getSolidDataset(pod, { fetch: limited.fetch }), 403);
    const problem = await (await limited.fetch(`${pod}limited/private/note.ttl`)).json();
    assert.ok(problem.type.endsWith("/app-not-permitted"), problem.type);
    assert.deepEqual(problem.authorization_details[0].locations, [`${pod}limited/private/note.ttl`]);
    widen = problem.widen;
  });
  await check("it may not write where it may read", async () => {
    const note = new Blob(["hello"], { type: "text/plain" });
    await rejects(() => saveFileInContainer(`${pod}posts/`, note, { fetch: limited.fetch }), 403);
    assert.equal(await status("posts/note", { method: "PUT", body: "hello", headers: { "Content-Type": "text/plain" } }), 403);
  });
  await check("WAC-Allow tells what it may", async () => {
    assert.equal((await limited.fetch(`${pod}posts/`)).headers.get("WAC-Allow"), 'user="read",public=""');
  });
  await check("it may listen to what it may read, and to nothing else", async () => {
    await rejects(() => new WebsocketNotification(`${pod}limited/`, { fetch: limited.fetch }).connect(), 403);
    const socket = new WebsocketNotification(`${pod}posts/`, { fetch: limited.fetch });
    const open = new Promise((resolve) => { socket.on("connected", resolve); });
    await socket.connect();
    await open;
    socket.disconnect();
  });
  await check("what everybody may read it may read too", async () => {
    assert.equal(await status("profile/card"), 200);
  });
  await check("its person widens it, and the next request is let in", async () => {
    const done = await person.submit(await person.visit(widen), "place", { answer: "allow" });
    assert.match(done.html, /can go on at once/);
    assert.equal(await status("limited/private/note.ttl"), 200);
    assert.equal(await status("limited/"), 403);
  });
  await check("disconnected on a page, the next request is refused", async () => {
    const apps = await person.visit(`${target.issuer}.account/apps`);
    await person.submit(apps, "app", {});
    assert.equal(await status("posts/"), 401);
  });
  await check("the same app with everything does what its person can", async () => {
    const session = await letIn(person, "Limited", { access: "everything", control: "yes" });
    for (const path of ["", "limited/private/note.ttl", ".acl", "settings/prefs.ttl"]) {
      assert.equal((await session.fetch(pod + path)).status, 200, path);
    }
    assert.equal((await turtle(`${pod}limited/mine.ttl`, "", session.fetch)).status, 201);
  });
  await check("a key is good for what it was made for", async () => {
    const page = await person.visit(`${target.issuer}.account/credentials`);
    const made = await person.submit(page, "label", { label: "Reader", password, access: "some", [field("limited/")]: "see", until: "day" });
    const [clientId, clientSecret] = [...made.html.matchAll(/Client (?:id|secret)<\/dt><dd><code[^>]*>([^<]+)</g)].map(([, each]) => each);
    const session = new Session({ keepAlive: false });
    await session.login({ oidcIssuer: target.issuer, clientId, clientSecret, tokenType: "DPoP" });
    assert.equal((await session.fetch(`${pod}limited/private/note.ttl`)).status, 200);
    assert.equal((await session.fetch(`${pod}settings/prefs.ttl`)).status, 403);
    assert.equal((await turtle(`${pod}limited/other.ttl`, "", session.fetch)).status, 403);
  });
});
