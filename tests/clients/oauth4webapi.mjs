import * as oauth from "oauth4webapi";
import { assert, check, freshContainer, scenario, target } from "./harness.mjs";
import { Person } from "./person.mjs";

const HERE = "http://127.0.0.1:9/";
const CALLBACK = `${HERE}callback`;
const HTTP = { [oauth.allowInsecureRequests]: true };
const KINDS = [
  { method: "none", alg: "ES256", authentication: () => oauth.None() },
  { method: "client_secret_basic", alg: "RS256", authentication: (client) => oauth.ClientSecretBasic(client.client_secret) },
];

async function discover() {
  const issuer = new URL(target.issuer);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, HTTP));
}

async function register(as, { method, alg }) {
  const metadata = {
    client_name: `oauth4webapi ${method} ${alg}`,
    redirect_uris: [CALLBACK],
    scope: "openid webid offline_access",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: method,
    id_token_signed_response_alg: alg,
    dpop_bound_access_tokens: true,
  };
  return oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(as, metadata, HTTP));
}

await scenario(async () => {
  const as = await discover();
  const alice = target.accounts.alice;
  const person = new Person("alice");

  await check("the provider's description is complete", () => {
    assert.deepEqual(as.code_challenge_methods_supported, ["S256"]);
    assert.ok(as.scopes_supported.includes("webid") && as.dpop_signing_alg_values_supported.includes("ES256"));
    assert.equal(as.authorization_response_iss_parameter_supported, true);
    for (const endpoint of ["registration", "revocation", "introspection", "userinfo", "end_session"]) assert.ok(as[`${endpoint}_endpoint`], endpoint);
  });

  for (const kind of KINDS) {
    const name = `${kind.method}, ${kind.alg}`;
    const client = await register(as, kind);
    const authentication = kind.authentication(client);
    const options = { ...HTTP, DPoP: oauth.DPoP(client, await oauth.generateKeyPair("ES256")) };
    const note = new URL(`${freshContainer(alice, "oauth4webapi")}note.txt`);
    let tokens;

    await check(`${name}: code, PKCE and DPoP give tokens that the keys of the provider vouch for`, async () => {
      const verifier = oauth.generateRandomCodeVerifier();
      const state = oauth.generateRandomState();
      const nonce = oauth.generateRandomNonce();
      const url = new URL(as.authorization_endpoint);
      url.search = new URLSearchParams({
        client_id: client.client_id,
        redirect_uri: CALLBACK,
        response_type: "code",
        scope: "openid webid offline_access",
        prompt: "consent",
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        state,
        nonce,
      });
      const answer = oauth.validateAuthResponse(as, client, await person.answer(url), state);
      const response = await oauth.authorizationCodeGrantRequest(as, client, authentication, answer, CALLBACK, verifier, options);
      tokens = await oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true });
      await oauth.validateApplicationLevelSignature(as, response, HTTP);
      assert.equal(oauth.getValidatedIdTokenClaims(tokens).webid, alice.webId);
    });
    await check(`${name}: the access token writes and reads`, async () => {
      const headers = new Headers({ "Content-Type": "text/plain" });
      const written = await oauth.protectedResourceRequest(tokens.access_token, "PUT", note, headers, "hello", options);
      assert.equal(written.status, 201);
      const read = await oauth.protectedResourceRequest(tokens.access_token, "GET", note, undefined, null, options);
      assert.equal(await read.text(), "hello");
    });
    await check(`${name}: userinfo`, async () => {
      const { sub } = oauth.getValidatedIdTokenClaims(tokens);
      const response = await oauth.userInfoRequest(as, client, tokens.access_token, options);
      assert.equal((await oauth.processUserInfoResponse(as, client, sub, response)).webid, alice.webId);
    });
    await check(`${name}: refresh`, async () => {
      const response = await oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, options);
      const next = await oauth.processRefreshTokenResponse(as, client, response);
      assert.ok(next.access_token && next.refresh_token && next.refresh_token !== tokens.refresh_token);
      tokens = { ...tokens, ...next };
    });
    await check(`${name}: revocation`, async () => {
      await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, authentication, tokens.refresh_token, HTTP));
      const response = await oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, options);
      await assert.rejects(oauth.processRefreshTokenResponse(as, client, response), (error) => error.error === "invalid_grant");
    });
  }

  await check("a pod says who vouches for it", async () => {
    const pod = new URL(alice.pod);
    const resource = await oauth.processResourceDiscoveryResponse(pod, await oauth.resourceDiscoveryRequest(pod, HTTP));
    assert.deepEqual(resource.authorization_servers, [target.issuer]);
  });
});
