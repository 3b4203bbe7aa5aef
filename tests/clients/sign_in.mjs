import { getPodUrlAll, getProfileAll, getThing, getUrlAll } from "@inrupt/solid-client";
import { Session } from "@inrupt/solid-client-authn-node";
import { assert, check, freshContainer, scenario, signIn, target, turtle } from "./harness.mjs";

const SOLID = "http://www.w3.org/ns/solid/terms#";

await scenario(async () => {
  const alice = await signIn("alice");
  const bob = await signIn("bob");
  const note = `${freshContainer(alice, "sign-in")}note.ttl`;

  await check("client credentials give a session of the account's WebID", () => {
    assert.equal(alice.session.info.isLoggedIn, true);
    assert.equal(alice.session.info.webId, alice.webId);
    assert.equal(bob.session.info.webId, bob.webId);
  });
  await check("the session expires in the future", () => {
    assert.ok(alice.session.info.expirationDate > Date.now());
  });
  await check("a wrong secret signs nobody in", async () => {
    const session = new Session({ keepAlive: false });
    const { clientId } = target.accounts.alice;
    const login = session.login({ oidcIssuer: target.issuer, clientId, clientSecret: "wrong", tokenType: "DPoP" });
    await login.catch(() => undefined);
    assert.equal(session.info.isLoggedIn, false);
  });
  await check("the owner writes, others are refused, strangers must sign in", async () => {
    assert.equal((await turtle(note, "<#it> <#says> 'hello'.", alice.fetch)).status, 201);
    assert.equal((await alice.fetch(note)).status, 200);
    assert.equal((await bob.fetch(note)).status, 403);
    assert.equal((await fetch(note)).status, 401);
  });
  await check("a 401 says how to sign in", async () => {
    assert.match((await fetch(note)).headers.get("WWW-Authenticate"), /DPoP/);
  });
  await check("one session serves many requests at once", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => alice.fetch(note)));
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]));
  });
  await check("the profile is public and names issuer and storage", async () => {
    const { webIdProfile } = await getProfileAll(alice.webId, { fetch });
    assert.ok(getUrlAll(getThing(webIdProfile, alice.webId), `${SOLID}oidcIssuer`).includes(target.issuer));
    assert.deepEqual(await getPodUrlAll(alice.webId, { fetch }), [alice.pod]);
  });
  await check("after logging out requests are anonymous", async () => {
    await bob.session.logout();
    assert.equal((await bob.session.fetch(note)).status, 401);
  });
});
