// A program of bob's that meets a refusal, asks for access as the refusal says, and tells what becomes of it, line by line.
// For tests/browser/test_access_requests.py, where the owner answers meanwhile. POD_TARGET: see harness.mjs; URL_WANTED: what it wants.
import { assert, signIn } from "./harness.mjs";

const PAUSE_MS = 100;
const SECONDS_MAX = 120;
const bob = await signIn("bob");
const wanted = process.env.URL_WANTED;
const container = new URL(".", wanted).href;
const storage = container.replace(/[^/]+\/$/, "");

function tell(word, about = "") {
  process.stdout.write(`${word} ${about}\n`);
}

async function becomes(status) {
  const deadline = Date.now() + SECONDS_MAX * 1000;
  for (;;) {
    const answer = await bob.fetch(wanted);
    if (answer.status === status) return answer;
    assert.ok(Date.now() < deadline, `still ${answer.status} instead of ${status}`);
    await new Promise((resume) => setTimeout(resume, PAUSE_MS));
  }
}

const refusal = await bob.fetch(wanted);
assert.equal(refusal.status, 403);
const { requestAccess } = await refusal.json();
const request = {
  "@context": ["https://www.w3.org/ns/lws/v1"],
  type: ["AccessRequest"],
  storage,
  comment: "For the album of our journey", // what the owner reads
  access: [{
    type: ["AccessPolicy"],
    action: ["read"],
    assignee: bob.webId,
    target: { type: "StorageResource", value: [container] },
    constraint: [{ leftOperand: "dateTime", operator: "lteq", rightOperand: "2999-01-01T00:00:00Z" }],
  }],
};
const asked = await bob.fetch(requestAccess, {
  method: "POST", body: JSON.stringify(request), headers: { "Content-Type": "application/lws+json" },
});
assert.equal(asked.status, 201, await asked.text());
tell("asked", asked.headers.get("Location"));
tell("in", await (await becomes(200)).text());
const answered = await (await bob.fetch(asked.headers.get("Location"))).json();
assert.equal(answered.status, "granted");
assert.equal((await bob.fetch(answered.grant)).status, 200);
await becomes(403);
tell("out");
process.exit(0); // the library keeps timers for its session
