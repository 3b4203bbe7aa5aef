import { createECDH, randomBytes } from "node:crypto";
import { getStringNoLocale } from "@inrupt/solid-client";
import ece from "http_ece";
import { importJWK, jwtVerify } from "jose";
import { assert, check, freshContainer, scenario, signIn } from "./harness.mjs";
import { ask, assertMessage, put, receiver, said, service } from "./subscriber.mjs";

const TYPE = "WebPushChannel2023";
const PUSH = "https://purl.org/solid-web-push/vocab#";

/** The key with which a push service knows the server, as a JWK. Spec: RFC 8292 s3.2 */
function jwk(vapidPublicKey) {
  const point = Buffer.from(vapidPublicKey, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((each) => each.toString("base64url"));
  return { kty: "EC", crv: "P-256", x, y };
}

await scenario(async () => {
  const alice = await signIn("alice");
  const note = `${freshContainer(alice, "web-push")}note`;
  await put(alice, note);
  const offered = await service(alice, note, TYPE);
  const pushService = await receiver();
  // What a browser keeps for a page that subscribes: a key pair and a secret.
  const [pair, secret] = [createECDH("prime256v1"), randomBytes(16)];
  pair.generateKeys();
  const keys = { p256dh: pair.getPublicKey("base64url"), auth: secret.toString("base64url") };
  pushService.answers.push(201, 201, 201);
  const answer = await ask(alice, TYPE, note, { sendTo: `${pushService.url}push/1`, keys });
  const channel = await answer.json();
  await put(alice, note, "changed");
  const delivery = await pushService.inbox.take();

  await check("the service tells the key that browsers ask for", async () => {
    const described = await (await alice.fetch(offered.url, { headers: { Accept: "application/ld+json" } })).json();
    assert.equal(Buffer.from(described.vapidPublicKey, "base64url").length, 65);
    assert.equal(getStringNoLocale(offered, `${PUSH}vapidPublicKey`) ?? described.vapidPublicKey, described.vapidPublicKey);
  });
  await check("a channel is created, and keeps its secrets to itself", () => {
    assert.equal(answer.status, 201);
    assert.equal(channel.type, TYPE);
    assert.ok(!JSON.stringify(channel).includes(keys.auth));
  });
  await check("the message can be read with the browser's keys, and with no others", () => {
    assert.equal(delivery.headers["content-encoding"], "aes128gcm");
    const opened = ece.decrypt(delivery.body, { version: "aes128gcm", privateKey: pair, authSecret: secret.toString("base64url") });
    const message = JSON.parse(opened);
    assertMessage(message);
    assert.deepEqual(said(message), ["Update", note]);
    const other = { version: "aes128gcm", privateKey: pair, authSecret: randomBytes(16).toString("base64url") };
    assert.throws(() => ece.decrypt(delivery.body, other));
  });
  await check("the server identifies itself to the push service with that key", async () => {
    const [, token, key] = delivery.headers.authorization.match(/^vapid t=([^,]+), ?k=(\S+)$/);
    const described = await (await alice.fetch(offered.url, { headers: { Accept: "application/ld+json" } })).json();
    assert.equal(key, described.vapidPublicKey);
    const audience = new URL(pushService.url).origin;
    const { payload } = await jwtVerify(token, await importJWK(jwk(key), "ES256"), { audience });
    assert.ok(payload.exp < Date.now() / 1000 + 86_400);
    assert.match(payload.sub, /^(https?|mailto):/);
    assert.match(delivery.headers.ttl, /^\d+$/);
  });
  await check("keys that are none are refused", async () => {
    const broken = { p256dh: keys.p256dh, auth: "short" };
    assert.equal((await ask(alice, TYPE, note, { sendTo: pushService.url, keys: broken })).status, 422);
  });
});
