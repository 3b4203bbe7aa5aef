import * as solid from "@inrupt/solid-client";
import { DataFactory } from "n3";
import { assert, check, freshContainer, scenario, signIn } from "./harness.mjs";

const EX = "https://vocab.example/#";
const custom = (text) => DataFactory.literal(text, DataFactory.namedNode(`${EX}celsius`));
const morning = { hour: 7, minute: 5, second: 9 };
const evening = { hour: 21, minute: 50, second: 0, millisecond: 125, timezoneHourOffset: 2, timezoneMinuteOffset: 0 };

// kind, functions' suffix, first value, second value, locale
const KINDS = [
  ["IRI", "Url", "https://one.example/a?b=c#d", "https://two.example/%C3%A5"],
  ["boolean", "Boolean", true, false],
  ["date and time", "Datetime", new Date("2026-02-28T23:59:58.123Z"), new Date("1969-07-20T20:17:40Z")],
  ["date", "Date", new Date("2024-02-29T12:00:00Z"), new Date("1999-12-31T12:00:00Z")],
  ["time", "Time", morning, evening],
  ["decimal", "Decimal", 3.14, -0.5],
  ["integer", "Integer", 9007199254740991, -42],
  ["plain string", "StringNoLocale", 'quotes " \' and \\ and\nlines\tand ünïcödé 🦉', "''' \"\"\" \u0001 end"],
  ["string in a language", "StringWithLocale", "hei på deg", "colour", "nb-NO"],
  ["literal of another datatype", "Literal", custom("21.5"), custom("-3")],
  ["named node", "NamedNode", DataFactory.namedNode(`${EX}a`), DataFactory.namedNode(`${EX}b`)],
];

await scenario(async () => {
  const { fetch, ...alice } = await signIn("alice");
  const url = `${freshContainer(alice, "things")}kinds`;
  const read = async () => solid.getThing(await solid.getSolidDataset(url, { fetch }), `${url}#it`);
  const save = (dataset, thing) => solid.saveSolidDatasetAt(url, solid.setThing(dataset, thing), { fetch });
  const valuesOf = (thing, suffix, property, locale) => solid[`get${suffix}All`](thing, property, locale);
  const property = (suffix) => `${EX}${suffix.toLowerCase()}`;

  await check("a dataset of every kind of value is created", async () => {
    const start = solid.createThing({ name: "it" });
    const full = KINDS.reduce(
      (thing, [, suffix, value, , locale]) => solid[`add${suffix}`](thing, property(suffix), value, locale), start);
    await save(solid.createSolidDataset(), full);
  });
  for (const [kind, suffix, first, second, locale] of KINDS) {
    await check(`${kind}: reads back as written`, async () => {
      assert.deepEqual(valuesOf(await read(), suffix, property(suffix), locale), [first]);
    });
    await check(`${kind}: a second value is added`, async () => {
      const dataset = await solid.getSolidDataset(url, { fetch });
      const thing = solid.getThing(dataset, `${url}#it`);
      await save(dataset, solid[`add${suffix}`](thing, property(suffix), second, locale));
      assert.equal(valuesOf(await read(), suffix, property(suffix), locale).length, 2);
    });
    await check(`${kind}: the first value is removed`, async () => {
      const dataset = await solid.getSolidDataset(url, { fetch });
      const thing = solid.getThing(dataset, `${url}#it`);
      const remove = solid[`remove${suffix}`];
      await save(dataset, remove(thing, property(suffix), first, locale));
      assert.deepEqual(valuesOf(await read(), suffix, property(suffix), locale), [second]);
    });
    await check(`${kind}: setting replaces what was there`, async () => {
      const dataset = await solid.getSolidDataset(url, { fetch });
      const thing = solid.getThing(dataset, `${url}#it`);
      await save(dataset, solid[`set${suffix}`](thing, property(suffix), first, locale));
      assert.deepEqual(valuesOf(await read(), suffix, property(suffix), locale), [first]);
    });
  }
  await check("the same word in two languages is two values", async () => {
    const dataset = await solid.getSolidDataset(url, { fetch });
    const thing = solid.buildThing(solid.getThing(dataset, `${url}#it`))
      .addStringWithLocale(`${EX}label`, "chat", "en").addStringWithLocale(`${EX}label`, "chat", "fr").build();
    await save(dataset, thing);
    assert.equal(solid.getStringByLocaleAll(await read(), `${EX}label`).size, 2);
  });
  await check("five hundred things in one dataset", async () => {
    const many = `${url}-many`;
    const numbers = Array.from({ length: 500 }, (_, index) => index);
    const dataset = numbers.reduce(
      (all, index) => solid.setThing(all, solid.addInteger(solid.createThing({ name: `n${index}` }), `${EX}n`, index)),
      solid.createSolidDataset());
    await solid.saveSolidDatasetAt(many, dataset, { fetch });
    const things = solid.getThingAll(await solid.getSolidDataset(many, { fetch }));
    assert.deepEqual(things.map((thing) => solid.getInteger(thing, `${EX}n`)).sort((a, b) => a - b), numbers);
  });
});
