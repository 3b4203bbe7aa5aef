import { WebsocketNotification } from "@inrupt/solid-client-notifications";
import { assert, check, freshContainer, rejects, scenario, signIn } from "./harness.mjs";
import { Inbox, put, remove, said, share } from "./subscriber.mjs";

/** A connected socket of the library, and what it emits. */
async function listen(account, topic, options = {}) {
  const socket = new WebsocketNotification(topic, { fetch: account.fetch, ...options });
  const [inbox, opened, closed] = [new Inbox(), new Inbox(), new Inbox()];
  socket.on("message", (message) => inbox.put(message));
  socket.on("connected", () => opened.put(true));
  socket.on("closed", () => closed.put(true));
  socket.on("error", (error) => opened.put(error));
  await socket.connect();
  assert.equal(await opened.take(), true);
  return { socket, inbox, closed };
}

await scenario(async () => {
  const alice = await signIn("alice");
  const bob = await signIn("bob");
  const home = freshContainer(alice, "live");
  const [note, other] = [`${home}note`, `${home}other`];
  await put(alice, note);
  await put(alice, other);
  const { socket, inbox, closed } = await listen(alice, note);

  await check("the library finds the socket and connects", () => {
    assert.equal(socket.status, "connected");
  });
  await check("a change arrives, with what it was about", async () => {
    const etag = (await put(alice, note, "changed")).headers.get("ETag");
    const message = await inbox.take();
    assert.deepEqual(said(message), ["Update", note]);
    assert.ok(etag.includes(message.state), `${etag} ${message.state}`);
  });
  await check("a deletion and a new beginning arrive", async () => {
    await remove(alice, note);
    await put(alice, note, "again");
    assert.deepEqual(said(await inbox.take()), ["Delete", note]);
    assert.deepEqual(said(await inbox.take()), ["Create", note]);
  });
  await check("every one of many changes arrives once, in order", async () => {
    const etags = [];
    for (let turn = 0; turn < 20; turn += 1) etags.push((await put(alice, note, `turn ${turn}`)).headers.get("ETag"));
    for (const etag of etags) {
      const { state } = await inbox.take();
      assert.ok(etag.includes(state), `${etag} ${state}`);
    }
  });
  await check("a container tells of its members coming and going", async () => {
    const above = await listen(alice, home);
    await put(alice, `${home}new`);
    await remove(alice, `${home}new`);
    assert.deepEqual(said(await above.inbox.take()), ["Add", `${home}new`, home]);
    assert.deepEqual(said(await above.inbox.take()), ["Remove", `${home}new`, home]);
    above.socket.disconnect();
  });
  await check("features are negotiated: what was missed since a state comes on connecting", async () => {
    const { state } = await put(alice, note, "before").then(() => inbox.take());
    await put(alice, note, "meanwhile");
    const late = await listen(alice, note, { features: { state } });
    const [live, replayed] = [await inbox.take(), await late.inbox.take()];
    assert.equal(replayed.id, live.id);
    late.socket.disconnect();
  });
  await check("who may not read may not listen", async () => {
    const eavesdropper = new WebsocketNotification(note, { fetch: bob.fetch });
    await rejects(() => eavesdropper.connect(), 403);
    const stranger = new WebsocketNotification(note, { fetch });
    await rejects(() => stranger.connect(), 401);
  });
  await check("who may read may listen, and hears nothing from the moment that ends", async () => {
    await share(alice, bob, note, "acl:Read");
    const reader = await listen(bob, note);
    await put(alice, note, "for bob too");
    assert.deepEqual(said(await reader.inbox.take()), ["Update", note]);
    assert.deepEqual(said(await inbox.take()), ["Update", note]);
    await share(alice, bob, note, "");
    await put(alice, note, "not for bob");
    assert.deepEqual(said(await inbox.take()), ["Update", note]); // alice was told: so would bob have been
    await share(alice, bob, note, "acl:Read");
    const etag = (await put(alice, note, "for bob again")).headers.get("ETag");
    const { state } = await reader.inbox.take();
    assert.ok(etag.includes(state), "bob heard of what was not for him");
    await inbox.take();
    reader.socket.disconnect();
  });
  await check("disconnecting closes the socket", async () => {
    socket.disconnect();
    assert.equal(await closed.take(), true);
    assert.equal(socket.status, "closed");
  });
});
