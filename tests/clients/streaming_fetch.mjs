import { assert, check, freshContainer, scenario, signIn } from "./harness.mjs";
import { assertMessage, Inbox, put, remove, said, subscribe } from "./subscriber.mjs";

const TYPE = "StreamingHTTPChannel2023";

/** The notifications of a streamed answer, as the specification shows: each piece of text is one of them. */
async function listen(url, fetching = fetch) {
  const inbox = new Inbox();
  const control = new AbortController();
  const answer = await fetching(url, { signal: control.signal, headers: { Accept: "application/ld+json" } });
  assert.equal(answer.status, 200);
  const read = async () => {
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
      for (const line of text.split("\n").filter((each) => each.trim())) inbox.put(JSON.parse(line));
    }
    inbox.put("the end");
  };
  read().catch((error) => inbox.put(error.name));
  return { inbox, answer, leave: () => control.abort() };
}

await scenario(async () => {
  const alice = await signIn("alice");
  const home = freshContainer(alice, "streaming");
  const note = `${home}note`;
  await put(alice, note);
  const channel = await subscribe(alice, TYPE, [note, home]);
  const listening = await listen(channel.receiveFrom);
  let last;

  await check("the answer begins at once, and is JSON-LD", () => {
    assert.match(listening.answer.headers.get("Content-Type"), /^application\/(ld\+json|activity\+json)/);
  });
  await check("each piece of it is a whole notification", async () => {
    await put(alice, note, "changed");
    await put(alice, `${home}new`);
    await remove(alice, `${home}new`);
    const heard = [await listening.inbox.take(), await listening.inbox.take(), await listening.inbox.take()];
    heard.forEach((message) => assertMessage(message));
    last = heard[2].state;
    assert.deepEqual(heard.map(said), [["Update", note], ["Add", `${home}new`, home], ["Remove", `${home}new`, home]]);
  });
  await check("the stream may be fetched with the same token, from a state on", async () => {
    const signed = await listen(`${channel.receiveFrom}?state=${last}`, alice.fetch);
    await put(alice, note, "for both");
    assert.deepEqual(said(await signed.inbox.take()), ["Update", note]);
    assert.deepEqual(said(await listening.inbox.take()), ["Update", note]);
    signed.leave();
  });
  await check("two listeners of one channel hear the same, and one who leaves does not disturb the other", async () => {
    const second = await listen(channel.receiveFrom);
    second.leave();
    await put(alice, note, "still there");
    assert.deepEqual(said(await listening.inbox.take()), ["Update", note]);
  });
  await check("a channel that was ended tells nothing more, and the stream ends with the next change", async () => {
    assert.ok((await alice.fetch(channel.id, { method: "DELETE" })).ok);
    await put(alice, note, "not told");
    assert.equal(await listening.inbox.take(), "the end");
  });
});
