// A person before a browser without JavaScript: follows redirects, keeps cookies, fills in the forms of the provider's pages.
import { assert, target } from "./harness.mjs";

const REDIRECTS_MAX = 10;
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#34": '"' };

export class Person {
  constructor(name) {
    this.name = name;
    this.cookies = new Map();
    this.asked = [];
  }

  /** Opens an authorization URL, signs in if asked to, and answers, with other choices than those on the page. Gives the URL of the app that it leads to. */
  async answer(url, answer = "allow", choices = {}) {
    let page = await this.visit(url);
    const replies = { password: { name: this.name, password: target.accounts[this.name].password }, answer: { answer, ...choices } };
    for (const [field, reply] of Object.entries(replies)) {
      if (!page.asks(field)) continue;
      this.asked.push(field);
      page = await this.submit(page, field, reply);
    }
    return page.left();
  }

  async visit(url, request = {}) {
    let [current, options] = [new URL(url), request];
    for (let redirects = 0; redirects < REDIRECTS_MAX; redirects += 1) {
      if (current.origin !== new URL(target.issuer).origin) return new Page(current);
      const cookie = [...this.cookies].map((pair) => pair.join("=")).join("; ");
      const answer = await fetch(current, { ...options, redirect: "manual", headers: { ...options.headers, Accept: "text/html", Cookie: cookie } });
      this.#keep(answer.headers.getSetCookie());
      const location = answer.headers.get("Location");
      if (!location) return new Page(current, answer.status, await answer.text());
      [current, options] = [new URL(location, current), {}];
    }
    return assert.fail(`${url} leads in circles`);
  }

  /** Sends the form that has a field of this name, with what is filled in and chosen there already; null leaves one out. */
  async submit(page, field, values) {
    const form = page.form(field);
    const sent = Object.entries({ ...form.given, ...values }).filter(([, value]) => value !== null);
    const body = new URLSearchParams(sent);
    return this.visit(new URL(form.action, page.url), { method: "POST", body, headers: { Origin: page.url.origin } });
  }

  #keep(lines) {
    for (const line of lines) {
      const [pair, ...attributes] = line.split(";");
      const [name, value] = pair.trim().split(/=(.*)/s);
      const over = attributes.some((each) => /^\s*max-age=0$/i.test(each)) || value === "";
      if (over) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}

/** What a URL showed; a URL of the app is not opened, only looked at. */
class Page {
  constructor(url, status, html) {
    Object.assign(this, { url, status, html });
  }

  get forms() {
    return [...(this.html ?? "").matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, attributes, inside]) => ({
      action: attribute(attributes, "action") ?? this.url.href,
      fields: [...inside.matchAll(/<(?:input|button|select)\b([^>]*)>/g)].map(([, each]) => each),
      chosen: [...inside.matchAll(/<select\b([^>]*)>(.*?)<\/select>/gs)].map(([, each, options]) => [attribute(each, "name"), selected(options)]),
    }));
  }

  asks(field) {
    return this.forms.some((form) => form.fields.some((each) => attribute(each, "name") === field));
  }

  form(field) {
    const { action, fields, chosen } = this.forms.find((each) => each.fields.some((one) => attribute(one, "name") === field));
    const sent = fields.filter((each) => attribute(each, "type") === "hidden" || /\bchecked\b/.test(each));
    const given = sent.map((each) => [attribute(each, "name"), attribute(each, "value")]);
    return { action, given: Object.fromEntries([...given, ...chosen]) };
  }

  left() {
    assert.equal(this.html, undefined, `still at the provider: ${this.status} ${this.url}\n${this.html}`);
    return this.url;
  }
}

function selected(options) {
  const all = [...options.matchAll(/<option\b([^>]*)>/g)].map(([, each]) => each);
  return attribute(all.find((each) => /\bselected\b/.test(each)) ?? all[0], "value");
}

function attribute(text, name) {
  const found = new RegExp(`\\b${name}=(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`).exec(text);
  const value = found?.[1] ?? found?.[2] ?? found?.[3];
  return value?.replace(/&(#?\w+);/g, (whole, entity) => ENTITIES[entity] ?? whole);
}
