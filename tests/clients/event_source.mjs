import { EventSource } from "eventsource";
import { assert, check, freshContainer, scenario, signIn } from "./harness.mjs";
import { ask, assertMessage, Inbox, OLDER_CONTEXT, put, remove, said, share, subscribe } from "./subscriber.mjs";

const TYPE = "EventSourceChannel2023";

/** An event source, and its events. `last` makes it begin where another ended. */
async function listen(url, last) {
  const inbox = new Inbox();
  const resuming = last && { fetch: (at, init) => fetch(at, { ...init, headers: { ...init.headers, "Last-Event-ID": last } }) };
  const source = new EventSource(url, resuming ?? {});
  source.onmessage = ({ data, lastEventId }) => inbox.put({ ...JSON.parse(data), lastEventId });
  await new Promise((resolve, reject) => Object.assign(source, { onopen: resolve, onerror: reject }));
  source.onerror = null;
  return { source, inbox };
}

await scenario(async () => {
  const alice = await signIn("alice");
  const bob = await signIn("bob");
  const home = freshContainer(alice, "event-source");
  const note = `${home}note`;
  await put(alice, note);
  const channel = await subscribe(alice, TYPE, [note, home]);
  const { source, inbox } = await listen(channel.receiveFrom);
  let last;

  await check("a channel says what it is", () => {
    assert.equal(channel.type, TYPE);
    assert.deepEqual([...channel.topic].sort(), [home, note]);
    assert.match(channel.id, /^http/);
  });
  await check("a change is an event whose id is the state", async () => {
    await put(alice, note, "changed");
    const message = await inbox.take();
    assertMessage(message);
    assert.deepEqual(said(message), ["Update", note]);
    assert.equal(message.lastEventId, message.state);
    last = message.lastEventId;
  });
  await check("both topics are heard in the order of the changes", async () => {
    await put(alice, `${home}new`);
    await put(alice, note, "changed again");
    await remove(alice, `${home}new`);
    const heard = [await inbox.take(), await inbox.take(), await inbox.take()];
    assert.deepEqual(heard.map(said), [["Add", `${home}new`, home], ["Update", note], ["Remove", `${home}new`, home]]);
  });
  await check("who comes back with the last event id hears what was missed, then what is new", async () => {
    source.close();
    await put(alice, note, "while nobody listened");
    const resumed = await listen(channel.receiveFrom, last);
    await put(alice, note, "now");
    const heard = [];
    while (heard.length < 5) heard.push(await resumed.inbox.take());
    assert.deepEqual(heard.map(({ type }) => type), ["Add", "Update", "Remove", "Update", "Update"]);
    resumed.source.close();
  });
  await check("a client of the older context gets the older context", async () => {
    const older = await subscribe(alice, TYPE, note, { "@context": OLDER_CONTEXT });
    const listening = await listen(older.receiveFrom);
    await put(alice, note, "for the older");
    assertMessage(await listening.inbox.take(), OLDER_CONTEXT);
    listening.source.close();
  });
  await check("who may not read may not subscribe, nor to one topic of two", async () => {
    assert.equal((await ask(bob, TYPE, note)).status, 403);
    const open = `${home}open`;
    await put(alice, open);
    await share(alice, bob, open, "acl:Read");
    assert.equal((await ask(bob, TYPE, open)).status, 200);
    assert.equal((await ask(bob, TYPE, [open, note])).status, 403);
  });
  await check("an ended channel is gone", async () => {
    assert.ok((await alice.fetch(channel.id, { method: "DELETE" })).ok);
    const { status } = await fetch(channel.receiveFrom, { headers: { Accept: "text/event-stream" } });
    assert.ok([404, 410].includes(status), String(status));
  });
});
