// What every scenario shares: signing in, a container of its own, and checks printed as JSON lines for test_clients.py.
// One container a scenario, so that scenarios may run again on the same server.
// POD_TARGET holds the server to talk to: {"issuer", "accounts": {name: {"webId", "pod", "clientId", "clientSecret",
// "password"}}}.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Session } from "@inrupt/solid-client-authn-node";

export { assert };

export const target = JSON.parse(process.env.POD_TARGET);

export async function signIn(name) {
  const { webId, pod, clientId, clientSecret } = target.accounts[name];
  const session = new Session({ keepAlive: false });
  await session.login({ oidcIssuer: target.issuer, clientId, clientSecret, tokenType: "DPoP" });
  return { name, webId, pod, session, fetch: session.fetch };
}

export function freshContainer(account, scenario) {
  return `${account.pod}${scenario}-${randomUUID()}/`;
}

export const NOTHING = { read: false, append: false, write: false, controlRead: false, controlWrite: false };
export const ALL = { read: true, append: true, write: true, controlRead: true, controlWrite: true };

// Two documents of alice's in a container of their own; who asks for them is the owner, a guest (bob) or a stranger.
export async function secrets(scenario) {
  const alice = await signIn("alice");
  const bob = await signIn("bob");
  const home = freshContainer(alice, scenario);
  const [note, other] = [`${home}note`, `${home}other`];
  for (const url of [note, other]) await turtle(url, "<#it> <#says> 'secret'.", alice.fetch);
  return { alice, bob, home, note, other, owner: { fetch: alice.fetch }, guest: { fetch: bob.fetch }, stranger: { fetch } };
}

export async function check(name, body) {
  try {
    await body();
    report({ check: name, ok: true });
  } catch (error) {
    report({ check: name, ok: false, error: String(error?.stack ?? error) });
  }
}

export async function rejects(action, ...statuses) {
  try {
    await action();
  } catch (error) {
    const status = error.statusCode ?? error.response?.status;
    assert.ok(statuses.includes(status), `expected ${statuses}, got ${status}: ${error}`);
    return error;
  }
  return assert.fail(`expected a refusal with status ${statuses}, but it succeeded`);
}

export function turtle(url, body, fetch, headers = {}) {
  return fetch(url, { method: "PUT", body, headers: { "Content-Type": "text/turtle", ...headers } });
}

export async function scenario(body) {
  await body();
  report({ finished: true });
  process.exit(0); // the libraries keep timers for their sessions
}

function report(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
