// Contacts, groups and the profile are one world for the pages and for apps: what @solid-data-modules/contacts-rdflib (which
// SolidOS uses) writes is read and changed on the pages, and the other way round; of the profile, rdflib.js.
import ContactsModuleRdfLib from "@solid-data-modules/contacts-rdflib";
import { Fetcher, graph, lit, Namespace, st, sym, UpdateManager } from "rdflib";
import { assert, check, freshContainer, scenario, signIn, target } from "./harness.mjs";
import { Person } from "./person.mjs";

const VCARD = Namespace("http://www.w3.org/2006/vcard/ns#");
const FOAF = Namespace("http://xmlns.com/foaf/0.1/");
const PAGES = `${target.issuer}.contacts/alice/`;

await scenario(async () => {
  const alice = await signIn("alice");
  const person = new Person("alice");
  const started = freshContainer(alice, "contacts");
  const unique = started.slice(-9, -1);

  // A program that has seen nothing yet.
  function fresh() {
    const store = graph();
    const fetcher = new Fetcher(store, { fetch: alice.fetch });
    const updater = new UpdateManager(store);
    return { store, fetcher, updater, contacts: new ContactsModuleRdfLib({ store, fetcher, updater }) };
  }
  async function open(url) {
    const page = await person.visit(url);
    return page.asks("password") ? person.submit(page, "password", { name: "alice", password: target.accounts.alice.password }) : page;
  }
  const about = (page, iri) => `${PAGES}${page}?iri=${encodeURIComponent(iri)}`;
  async function listed(name) {
    const { contacts } = fresh();
    const { privateUris } = await contacts.listAddressBooks(alice.webId);
    const books = await Promise.all(privateUris.map((uri) => contacts.readAddressBook(uri)));
    return { books, found: books.flatMap((book) => book.contacts).find((contact) => contact.name === name) };
  }

  const [theirs, ours] = [`Moss ${unique}`, `Jen ${unique}`];
  let book, contact, group, made;
  await check("what the library adds is on the pages", async () => {
    const { contacts } = fresh();
    book = await contacts.createAddressBook({ containerUri: started, name: "Work", ownerWebId: alice.webId });
    group = await contacts.createNewGroup({ addressBookUri: book, groupName: `Team ${unique}` });
    contact = await contacts.createNewContact({
      addressBookUri: book, groupUris: [group],
      contact: { name: theirs, email: "moss@reynholm.example", phoneNumber: "0118-999-881" },
    });
    assert.match((await open(`${PAGES}?q=${encodeURIComponent(theirs)}`)).html, new RegExp(theirs));
    const page = await open(about("person", contact));
    assert.match(page.html, /moss@reynholm\.example/);
    assert.match(page.html, /0118-999-881/);
    assert.match(page.html, new RegExp(`Team ${unique}`));
    assert.match((await open(about("group", group))).html, new RegExp(theirs));
  });
  await check("what the pages change of it, the library reads", async () => {
    const page = await open(about("edit", contact));
    await person.submit(page, "was", { name: `${theirs} M.`, "emails-0": "m@new.example", "emails-1": "second@new.example" });
    const read = await fresh().contacts.readContact(contact);
    assert.equal(read.name, `${theirs} M.`);
    assert.deepEqual(read.emails.map((email) => email.value).sort(), ["m@new.example", "second@new.example"]);
    assert.deepEqual(read.phoneNumbers.map((phone) => phone.value), ["0118-999-881"]);
    assert.ok((await fresh().contacts.readAddressBook(book)).contacts.some((each) => each.name === `${theirs} M.`));
  });
  await check("what the pages add, the library finds", async () => {
    const page = await open(`${PAGES}new`);
    await person.submit(page, "was", { name: ours, "emails-0": "jen@reynholm.example", "phones-0": "555-1", "web_ids-0": alice.webId });
    const { found } = await listed(ours);
    made = await fresh().contacts.readContact(found.uri);
    assert.deepEqual([made.name, made.emails[0].value, made.phoneNumbers[0].value], [ours, "jen@reynholm.example", "555-1"]);
  });
  await check("what the library changes of it, the pages show", async () => {
    const { contacts } = fresh();
    await contacts.renameContact({ contactUri: made.uri, newName: `${ours} B.` });
    await contacts.updateEmailAddress({ emailAddressUri: made.emails[0].uri, newEmailAddress: "jen@changed.example" });
    await contacts.addNewPhoneNumber({ contactUri: made.uri, newPhoneNumber: "555-2" });
    await contacts.removePhoneNumber({ contactUri: made.uri, phoneNumberUri: made.phoneNumbers[0].uri });
    const page = await open(about("person", made.uri));
    for (const each of [`${ours} B.`, "jen@changed.example", "555-2", alice.webId]) assert.ok(page.html.includes(each), each);
    assert.ok(!page.html.includes("555-1"));
  });
  await check("a group of the pages is one for the library, and its members on both", async () => {
    const page = await open(`${PAGES}groups`);
    await person.submit(page, "name", { name: `Friends ${unique}` });
    const friends = (await listed("")).books.flatMap((each) => each.groups).find((each) => each.name === `Friends ${unique}`);
    await person.submit(await open(about("group", friends.uri)), "who", { who: alice.webId });
    const members = (await fresh().contacts.readGroup(friends.uri)).members.map((each) => each.uri);
    assert.deepEqual(members, [alice.webId]);
    await fresh().contacts.addContactToGroup({ contactUri: contact, groupUri: friends.uri });
    assert.match((await open(about("group", friends.uri))).html, new RegExp(theirs));
    await fresh().contacts.removeContactFromGroup({ contactUri: contact, groupUri: friends.uri });
    assert.doesNotMatch((await open(about("group", friends.uri))).html.split("<datalist")[0], new RegExp(theirs));
  });
  await check("what the pages delete is gone for the library", async () => {
    const page = await open(about("delete", contact));
    const body = new URLSearchParams({ csrf: page.form("csrf").given.csrf });
    await person.visit(page.url, { method: "POST", body, headers: { Origin: page.url.origin } });
    assert.ok(!(await fresh().contacts.readAddressBook(book)).contacts.some((each) => each.uri === contact));
    assert.equal((await alice.fetch(contact)).status, 404);
  });
  await check("the profile is one world too, and who may sign in stays", async () => {
    const me = sym(alice.webId);
    const app = fresh();
    await app.fetcher.load(me.doc());
    await app.updater.update([], [st(me, VCARD("role"), lit(`Chair ${unique}`), me.doc()), st(me, FOAF("knows"), sym(contact), me.doc())]);
    const page = await open(`${target.issuer}.profile/alice/`);
    assert.ok(page.html.includes(`Chair ${unique}`));
    await person.submit(page, "was", { name: `Alice ${unique}`, note: "Hello", "emails-0": "alice@example.org" });
    const after = fresh();
    await after.fetcher.load(me.doc());
    assert.ok(after.store.holds(me, FOAF("name"), lit(`Alice ${unique}`)));
    assert.ok(after.store.holds(me, VCARD("role"), lit(`Chair ${unique}`)));
    assert.ok(after.store.holds(me, FOAF("knows"), sym(contact)));
    assert.deepEqual((await after.contacts.readContact(alice.webId)).emails.map((each) => each.value), ["alice@example.org"]);
    await after.updater.update([
      st(me, FOAF("name"), lit(`Alice ${unique}`), me.doc()), st(me, VCARD("role"), lit(`Chair ${unique}`), me.doc()),
    ], [st(me, FOAF("name"), lit("alice"), me.doc())]);
    assert.ok((await open(`${target.issuer}.profile/alice/`)).html.includes('value="alice"'));
  });
});
