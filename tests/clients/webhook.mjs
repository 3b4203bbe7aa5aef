import { createHash, createPublicKey } from "node:crypto";
import { getIriAll, getSolidDataset, getThing } from "@inrupt/solid-client";
import { createVerifier, httpbis } from "http-message-signatures";
import { calculateJwkThumbprint, createRemoteJWKSet, decodeProtectedHeader, EmbeddedJWK, jwtVerify } from "jose";
import { assert, check, freshContainer, scenario, signIn, target } from "./harness.mjs";
import { ask, assertMessage, put, receiver, remove, said, subscribe } from "./subscriber.mjs";

const TYPE = "WebhookChannel2023";
const SOLID = "http://www.w3.org/ns/solid/terms#";
const COVERED = ["@method", "@authority", "@path", "content-digest"];

async function metadata(issuer) {
  return (await fetch(new URL(".well-known/openid-configuration", issuer))).json();
}

/** Whose access token this is, once its issuer vouched for it and that WebID names that issuer. */
async function identify(token) {
  const { jwks_uri: keys, issuer } = await metadata(target.issuer);
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(keys)), { issuer, audience: "solid" });
  const profile = await getSolidDataset(payload.webid);
  assert.ok(getIriAll(getThing(profile, payload.webid), `${SOLID}oidcIssuer`).includes(payload.iss), payload.webid);
  return payload;
}

/** Whether whoever sent this has the key that its token is bound to, and meant this request. Spec: RFC 9449 s4.3 */
async function possess(delivery, token, confirmation) {
  const { dpop } = delivery.headers;
  const { payload } = await jwtVerify(dpop, EmbeddedJWK, { typ: "dpop+jwt", maxTokenAge: "5 minutes" });
  assert.equal(await calculateJwkThumbprint(decodeProtectedHeader(dpop).jwk), confirmation.jkt);
  assert.deepEqual([payload.htm, payload.htu], ["POST", delivery.url]);
  assert.equal(payload.ath, createHash("sha256").update(token).digest("base64url"));
  return payload.jti;
}

/** Whether the keys that the server publishes made the signature of this message. Spec: RFC 9421 */
async function verify(delivery) {
  const { jwks_uri: at } = await metadata(target.issuer);
  const { keys } = await (await fetch(at)).json();
  const keyLookup = ({ keyid }) => {
    const jwk = keys.find((each) => keyid === `${at}#${each.kid}`);
    const algorithm = "ecdsa-p256-sha256";
    return jwk && { id: keyid, algs: [algorithm], verify: createVerifier(createPublicKey({ key: jwk, format: "jwk" }), algorithm) };
  };
  const message = { method: delivery.method, url: delivery.url, headers: delivery.headers };
  return httpbis.verifyMessage({ keyLookup, requiredFields: COVERED, requiredParams: ["created"], maxAge: 300 }, message);
}

function digest(body) {
  return `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
}

await scenario(async () => {
  const alice = await signIn("alice");
  const bob = await signIn("bob");
  const home = freshContainer(alice, "webhook");
  const note = `${home}note`;
  await put(alice, note);
  const hook = await receiver();
  const channel = await subscribe(alice, TYPE, [note, home], { sendTo: `${hook.url}hook` });
  await put(alice, note, "changed");
  const delivery = await hook.inbox.take();
  const [scheme, token] = delivery.headers.authorization.split(" ");
  const message = JSON.parse(delivery.body);

  await check("the answer names the channel and who will send", () => {
    assert.equal(channel.type, TYPE);
    assert.match(channel.id, /^http/);
    assert.match(channel.sender, /^http/);
    assert.equal(channel.receiveFrom, undefined);
  });
  await check("strangers, and who may not read, cannot subscribe", async () => {
    assert.equal((await ask({ fetch }, TYPE, note, { sendTo: hook.url })).status, 401);
    assert.equal((await ask(bob, TYPE, note, { sendTo: hook.url })).status, 403);
  });
  await check("a change is posted as JSON-LD", () => {
    assert.equal(delivery.method, "POST");
    assert.equal(delivery.path, "/hook");
    assert.match(delivery.headers["content-type"], /^application\/ld\+json/);
    assertMessage(message);
    assert.deepEqual(said(message), ["Update", note]);
  });
  await check("its token identifies the sender: our issuer signed it, and the sender's document names that issuer", async () => {
    assert.equal(scheme, "DPoP");
    assert.equal((await identify(token)).webid, channel.sender);
  });
  await check("the token is bound to a key, and each proof is for one request", async () => {
    const { cnf } = await identify(token);
    const first = await possess(delivery, token, cnf);
    await put(alice, note, "changed again");
    const second = await hook.inbox.take();
    assert.notEqual(await possess(second, second.headers.authorization.split(" ")[1], cnf), first);
  });
  await check("its message signature verifies with the published keys, and covers the content", async () => {
    assert.equal(await verify(delivery), true);
    assert.equal(delivery.headers["content-digest"], digest(delivery.body));
  });
  await check("what was changed on the way does not verify", async () => {
    const content = { ...delivery, headers: { ...delivery.headers, "content-digest": digest("something else") } };
    const place = { ...delivery, url: `${hook.url}elsewhere` };
    for (const changed of [content, place]) assert.notEqual(await verify(changed).catch(() => false), true);
  });
  await check("members that come and go are told in order", async () => {
    await put(alice, `${home}new`);
    await remove(alice, `${home}new`);
    const heard = [await hook.inbox.take(), await hook.inbox.take()].map(({ body }) => said(JSON.parse(body)));
    assert.deepEqual(heard, [["Add", `${home}new`, home], ["Remove", `${home}new`, home]]);
  });
  await check("what a receiver could not take comes again, as the same message, before what came later", async () => {
    hook.answers.push(503);
    await put(alice, note, "refused once");
    await put(alice, note, "later");
    const [first, again, later] = [await hook.inbox.take(), await hook.inbox.take(), await hook.inbox.take()];
    assert.equal(JSON.parse(again.body).id, JSON.parse(first.body).id);
    assert.notEqual(JSON.parse(later.body).id, JSON.parse(first.body).id);
    assert.equal(await verify(again), true);
  });
  await check("who ended the channel gets no more", async () => {
    await subscribe(alice, TYPE, note, { sendTo: `${hook.url}other` });
    assert.ok((await alice.fetch(channel.id, { method: "DELETE" })).ok);
    for (const text of ["one", "two"]) await put(alice, note, text);
    const paths = [await hook.inbox.take(), await hook.inbox.take()].map(({ path }) => path);
    assert.deepEqual(paths, ["/other", "/other"]);
  });
});
