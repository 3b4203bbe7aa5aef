// Subscribing as the specification says: the storage description names the services, a service answers with a channel.
// What then arrives is put into an inbox, where it is awaited with a deadline.
import { createServer } from "node:http";
import { getSolidDataset, getThingAll, getUrl } from "@inrupt/solid-client";
import { assert } from "./harness.mjs";

const NOTIFY = "http://www.w3.org/ns/solid/notifications#";
const DESCRIPTION = /<([^>]+)>;\s*rel="http:\/\/www\.w3\.org\/ns\/solid\/terms#storageDescription"/;
export const CONTEXT = "https://www.w3.org/ns/solid/notifications-context/v1";
export const OLDER_CONTEXT = "https://www.w3.org/ns/solid/notification/v1";
const SECONDS_MAX = 60;

/** The description of the subscription service for one type of channel. */
export async function service(account, topic, type) {
  const answer = await account.fetch(topic, { method: "HEAD" });
  const [, description] = answer.headers.get("Link").match(DESCRIPTION) ?? assert.fail(answer.headers.get("Link"));
  const things = getThingAll(await getSolidDataset(description, { fetch: account.fetch }));
  return things.find((each) => getUrl(each, `${NOTIFY}channelType`) === NOTIFY + type) ?? assert.fail(`no ${type}`);
}

export async function ask(account, type, topic, more = {}) {
  const topics = [topic].flat();
  const { url } = await service(account, topics[0], type);
  return account.fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/ld+json", Accept: "application/ld+json" },
    body: JSON.stringify({ "@context": [CONTEXT], type, topic, ...more }),
  });
}

export async function subscribe(account, type, topic, more = {}) {
  const answer = await ask(account, type, topic, more);
  const text = await answer.text();
  assert.ok(answer.ok, `${answer.status} ${text}`);
  return JSON.parse(text);
}

/** What arrives, in order, each awaited with a deadline. */
export class Inbox {
  #held = [];
  #waiting = [];

  put(item) {
    if (this.#waiting.length) this.#waiting.shift()(item);
    else this.#held.push(item);
  }

  async take() {
    if (this.#held.length) return this.#held.shift();
    let alarm;
    const late = new Promise((_, reject) => {
      alarm = setTimeout(() => reject(new Error(`nothing came within ${SECONDS_MAX} s`)), SECONDS_MAX * 1000);
    });
    try {
      return await Promise.race([new Promise((resolve) => this.#waiting.push(resolve)), late]);
    } finally {
      clearTimeout(alarm);
    }
  }
}

/** What a message says, without what differs each time. */
export function said(message) {
  return [message.type, message.object, message.target].flat().filter(Boolean);
}

export function assertMessage(message, context = CONTEXT) {
  assert.deepEqual(message["@context"], ["https://www.w3.org/ns/activitystreams", context]);
  assert.match(message.id, /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.match(message.state, /\S/);
  assert.ok(Math.abs(Date.now() - Date.parse(message.published)) < 3_600_000, message.published);
}

export async function put(account, url, text = "hello") {
  const answer = await account.fetch(url, { method: "PUT", body: text, headers: { "Content-Type": "text/plain" } });
  assert.ok(answer.ok, `${answer.status} ${await answer.text()}`);
  return answer;
}

export async function remove(account, url) {
  const answer = await account.fetch(url, { method: "DELETE" });
  assert.ok(answer.ok, `${answer.status} ${await answer.text()}`);
}

/** Gives bob modes on one of alice's resources, or takes them away. */
export async function share(alice, bob, url, modes) {
  const rule = (agent, granted) => `[] a acl:Authorization; acl:agent <${agent.webId}>; acl:accessTo <${url}>; acl:mode ${granted}.`;
  const rules = [rule(alice, "acl:Read, acl:Write, acl:Control"), ...(modes ? [rule(bob, modes)] : [])];
  const body = `@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n${rules.join("\n")}`;
  const answer = await alice.fetch(`${url}.acl`, { method: "PUT", body, headers: { "Content-Type": "text/turtle" } });
  assert.ok(answer.ok, `${answer.status} ${await answer.text()}`);
}

/** A server of the subscriber's own: what is sent to it. It answers as told, else 204. */
export async function receiver() {
  const [inbox, answers] = [new Inbox(), []];
  const server = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const { method, url, headers } = request;
    inbox.put({ method, url: new URL(url, at).href, path: url, headers, body: Buffer.concat(pieces) });
    response.writeHead(answers.shift() ?? 204).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const at = `http://127.0.0.1:${server.address().port}/`;
  return { inbox, answers, url: at };
}
