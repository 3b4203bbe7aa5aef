import * as oidc from "openid-client";
import { assert, check, freshContainer, scenario, target } from "./harness.mjs";
import { Person } from "./person.mjs";

const HERE = "http://127.0.0.1:9/";
const CALLBACK = `${HERE}callback`;
const KINDS = [
  { method: "none", alg: "RS256", authentication: () => oidc.None() },
  { method: "none", alg: "ES256", authentication: () => oidc.None() },
  { method: "client_secret_basic", alg: "ES256", authentication: () => oidc.ClientSecretBasic() },
  { method: "client_secret_post", alg: "RS256", authentication: () => oidc.ClientSecretPost() },
];

async function register({ method, alg, authentication }) {
  const metadata = {
    client_name: `openid-client ${method} ${alg}`,
    redirect_uris: [CALLBACK],
    post_logout_redirect_uris: [HERE],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    scope: "openid webid offline_access",
    token_endpoint_auth_method: method,
    id_token_signed_response_alg: alg,
    dpop_bound_access_tokens: true,
  };
  return oidc.dynamicClientRegistration(new URL(target.issuer), metadata, authentication(), { execute: [oidc.allowInsecureRequests] });
}

async function request(config, parameters = {}) {
  const checks = { pkceCodeVerifier: oidc.randomPKCECodeVerifier(), expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: "openid webid offline_access",
    code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: "S256",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...parameters,
  });
  return { url, checks };
}

async function refused(promise, code) {
  const error = await promise.then(() => assert.fail("it was not refused"), (caught) => caught);
  assert.equal(error.error ?? error.code, code, error);
}

await scenario(async () => {
  for (const kind of KINDS) {
    const person = new Person("alice");
    const { webId } = target.accounts.alice;
    const name = `${kind.method}, ${kind.alg}`;
    const config = await register(kind);
    const key = await oidc.randomDPoPKeyPair("ES256");
    const DPoP = oidc.getDPoPHandle(config, key);
    const note = new URL(`${freshContainer(target.accounts.alice, "openid-client")}note.txt`);
    const reach = (token, method = "GET", body = undefined) =>
      oidc.fetchProtectedResource(config, token, note, method, body, new Headers({ "Content-Type": "text/plain" }), { DPoP });
    let tokens;

    await check(`${name}: code, PKCE and DPoP give tokens for the person`, async () => {
      const { url, checks } = await request(config);
      const back = await person.answer(url);
      tokens = await oidc.authorizationCodeGrant(config, back, { ...checks, idTokenExpected: true }, undefined, { DPoP });
      assert.equal(tokens.token_type, "dpop");
      assert.deepEqual(person.asked, ["password", "answer"]);
      assert.equal(tokens.claims().webid, webId);
      const [header] = tokens.id_token.split(".");
      assert.equal(JSON.parse(Buffer.from(header, "base64url")).alg, kind.alg);
    });
    await check(`${name}: the access token reads and writes`, async () => {
      assert.equal((await reach(tokens.access_token, "PUT", "hello")).status, 201);
      assert.equal(await (await reach(tokens.access_token)).text(), "hello");
    });
    await check(`${name}: another key cannot use it`, async () => {
      const other = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
      const answer = oidc.fetchProtectedResource(config, tokens.access_token, note, "GET", undefined, undefined, { DPoP: other });
      await assert.rejects(answer, (error) => error.status === 401);
    });
    await check(`${name}: userinfo names the person`, async () => {
      const claims = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
      assert.equal(claims.webid, webId);
    });
    await check(`${name}: a second sign-in asks nothing, with prompt=none or without`, async () => {
      person.asked = [];
      await person.answer((await request(config)).url);
      assert.deepEqual(person.asked, []);
      const { url, checks } = await request(config, { prompt: "none", scope: "openid webid" });
      const silent = await oidc.authorizationCodeGrant(config, await person.answer(url), checks, undefined, { DPoP });
      assert.equal(silent.refresh_token, undefined);
    });
    await check(`${name}: refresh tokens rotate, and a used one takes the others with it`, async () => {
      const second = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
      assert.notEqual(second.refresh_token, tokens.refresh_token);
      assert.equal((await reach(second.access_token)).status, 200);
      const third = await oidc.refreshTokenGrant(config, second.refresh_token, undefined, { DPoP });
      await refused(oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP }), "invalid_grant");
      await refused(oidc.refreshTokenGrant(config, third.refresh_token, undefined, { DPoP }), "invalid_grant");
      await assert.rejects(reach(third.access_token), (error) => error.status === 401);
    });
    await check(`${name}: a revoked token is of no use at once`, async () => {
      const { url, checks } = await request(config);
      tokens = await oidc.authorizationCodeGrant(config, await person.answer(url), checks, undefined, { DPoP });
      if (kind.method !== "none") assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, true);
      await oidc.tokenRevocation(config, tokens.refresh_token);
      await refused(oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP }), "invalid_grant");
      await assert.rejects(reach(tokens.access_token), (error) => error.status === 401);
      if (kind.method !== "none") assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, false);
    });
    await check(`${name}: refusing comes back as access_denied`, async () => {
      const { url, checks } = await request(config, { prompt: "consent" });
      await refused(oidc.authorizationCodeGrant(config, await person.answer(url, "refuse"), checks, undefined, { DPoP }), "access_denied");
    });
    await check(`${name}: logging out ends the session and leads back`, async () => {
      const url = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: HERE, state: "bye" });
      assert.equal((await person.visit(url)).left().href, `${HERE}?state=bye`);
      const { url: again, checks } = await request(config, { prompt: "none" });
      await refused(oidc.authorizationCodeGrant(config, await person.answer(again), checks, undefined, { DPoP }), "login_required");
      person.asked = [];
      await person.answer((await request(config)).url);
      assert.ok(person.asked.includes("password"));
    });
  }
});
