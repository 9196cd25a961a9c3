// mailgun.js, with form-data or with fetch.
const assert = require("node:assert");
const Mailgun = require("mailgun.js");
const facts = require("./facts.js");
const { domain, failure } = facts;

const client = (more = {}) => {
  const form = facts.fetch ? FormData : require("form-data");
  const options = { username: "api", key: facts.key, url: facts.url, useFetch: Boolean(facts.fetch), ...more };
  return new (Mailgun.default ?? Mailgun)(form).client(options);
};
const mailgun = client();
console.warn = () => {};

const queued = (answer) => {
  assert.equal(answer.status, 200);
  assert.equal(answer.message, "Queued. Thank you.");
  return answer;
};
const file = (octets, filename, contentType) =>
  facts.fetch ? { data: new Blob([octets], { type: contentType }), filename } : { data: octets, filename, contentType };

// Follows a list from its first page to its end and back.
const walk = async (list, query) => {
  const items = [];
  let page = await list(query);
  const first = page.items.length;
  while (page.items.length) {
    for (const name of ["first", "next", "previous", "last"]) assert(page.pages[name].url, name);
    items.push(...page.items);
    page = await list({ ...query, page: page.pages.next.page });
  }
  assert.equal(page.status ?? 200, 200);
  if (first) assert((await list({ ...query, page: page.pages.previous.page })).items.length);
  return items;
};

const cases = {
  async simple() {
    return queued(
      await mailgun.messages.create(domain, {
        from: facts.author,
        to: ["friend@receiver.test"],
        subject: facts.subject,
        text: facts.text,
      }),
    );
  },

  async rich() {
    return queued(
      await mailgun.messages.create(domain, {
        from: facts.author,
        to: "友人 <friend@receiver.test>",
        cc: "copy@receiver.test",
        bcc: "hidden@receiver.test",
        "h:Reply-To": "返信 <reply@sender.test>",
        subject: facts.subject,
        text: "こんにちは。\n",
        html: '<p>写真 <img src="cid:logo.png"></p>',
        "o:tag": ["invoice", "tag 1"],
        "v:order": "17",
        "o:deliverytime": facts.soon(),
        "o:tracking": false,
        "o:dkim": true,
        "o:tracking-opens": "no",
        attachment: [
          file(Buffer.from("plain octets\n"), "a b.txt", "text/plain"),
          file(facts.picture, "日本.png", "image/png"),
        ],
        inline: file(facts.picture, "logo.png", "image/png"),
      }),
    );
  },

  async batch() {
    return queued(
      await mailgun.messages.create(domain, {
        from: facts.author,
        to: ["Ann <ann@receiver.test>", "ben@receiver.test"],
        subject: "%recipient.name%: %recipient.number%",
        text: "Dear %recipient.name% <%recipient_email%>\n",
        "recipient-variables": JSON.stringify({
          "ann@receiver.test": { name: "Ann", number: 1 },
          "ben@receiver.test": { name: "Ben", number: 2 },
          "alice@sender.test": { name: "nobody here" },
        }),
      }),
    );
  },

  async mime() {
    const message = (id) =>
      `From: alice@${domain}\r\nTo: friend@receiver.test\r\nMessage-ID: <${id}@${domain}>\r\n` +
      "X-Mailgun-Tag: inside\r\nX-Mailgun-Variables: {\"a\": 1}\r\nMIME-Version: 1.0\r\n" +
      "Content-Type: text/plain; charset=utf-8\r\nSubject: =?UTF-8?B?5Lu25ZCN?=\r\n\r\nこんにちは。\r\n";
    const to = ["friend@receiver.test"];
    const octets = Buffer.from(message("as-a-file"));
    const part = facts.fetch ? new Blob([octets]) : octets;
    const asFile = queued(await mailgun.messages.create(domain, { to, message: part, "o:tag": "outside" }));
    const asText = queued(await mailgun.messages.create(domain, { to, message: message("as-a-text") }));
    assert.equal(asFile.id, `<as-a-file@${domain}>`);
    assert.equal(asText.id, `<as-a-text@${domain}>`);
    return [asFile, asText];
  },

  // What the real service says in each case, as the client hands it on.
  async errors() {
    const message = { from: `alice@${domain}`, to: "friend@receiver.test", subject: "x", text: "x" };
    const send = (change, where = domain, using = mailgun) =>
      failure(() => using.messages.create(where, { ...message, ...change }));
    const said = async (error, status, text) => {
      const { status: seen, details } = await error;
      assert.deepEqual([seen, details], [status, text]);
    };
    const wrong = await send({}, domain, client({ key: "wrong" }));
    assert.deepEqual([wrong.status, wrong.details], [401, "Forbidden"]);
    await said(send({}, "unknown.test"), 404, "Domain not found: unknown.test");
    await said(
      send({ to: "not an address" }),
      400,
      "to parameter is not a valid address. please check documentation",
    );
    await said(
      send({ from: "@" }),
      400,
      "from parameter is not a valid address. please check documentation",
    );
    await said(send({ to: "" }), 400, "to parameter is missing");
    await said(
      send({ text: "" }),
      400,
      "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified",
    );
    await said(
      send({ "recipient-variables": "{" }),
      400,
      "'recipient-variables' parameter is not a valid JSON",
    );
    const large = await send({ text: "x".repeat(30 << 20) });
    assert.equal(large.status, 413);
    // The greeting of the root, which tells the client that its address is wrong.
    const path = await failure(() => client({ url: `${facts.url}/nowhere` }).domains.list());
    assert.equal(path.status, 404);
  },

  // Stored messages: shown, and sent again.
  async stored() {
    const { items } = await mailgun.events.get(domain, { event: "accepted", limit: 1 });
    const key = items[0].storage.key;
    const shown = await mailgun.messages.retrieveStoredEmail(domain, key);
    assert.equal(shown.subject, facts.subject);
    assert.equal(shown.recipients, "friend@receiver.test");
    assert(shown["message-headers"].some(([name]) => name === "Subject"));
    assert.deepEqual(shown.attachments, []);
    return queued(await mailgun.messages.resendEmail(domain, key, "again@receiver.test"));
  },

  // Seven messages are on their way; every filter finds its part of their events.
  async events() {
    const all = await walk((query) => mailgun.events.get(domain, query), { limit: 3 });
    const ids = new Set(all.map((event) => event.id));
    assert.equal(ids.size, all.length, "an event comes once");
    const newest = all.map((event) => event.timestamp);
    assert.deepEqual(newest, [...newest].sort((a, b) => b - a), "newest first");
    const oldest = await walk((query) => mailgun.events.get(domain, query), { limit: 4, ascending: "yes" });
    assert.deepEqual(new Set(oldest.map((event) => event.id)), ids);
    const ends = await walk((query) => mailgun.events.get(domain, query), {
      event: "delivered OR failed",
      limit: 2,
      begin: facts.begin,
    });
    assert(ends.every(({ event }) => event === "delivered" || event === "failed"));
    return { all: all.length, ends: ends.length };
  },

  async suppressions() {
    const { suppressions } = mailgun;
    for (const kind of ["bounces", "unsubscribes", "complaints"]) await suppressions.destroyAll(domain, kind);
    const address = (number) => `user+${number}@receiver.test`;
    const many = [...Array(7).keys()].map((number) => ({ address: address(number), code: 550, error: "gone" }));
    const added = await suppressions.create(domain, "bounces", many);
    assert.deepEqual(added, {
      message: "7 addresses have been added to the bounces table",
      type: "",
      value: "",
      status: 200,
    });
    const one = await suppressions.create(domain, "bounces", { address: "one@receiver.test", code: 552 });
    assert.equal(one.message, "1 addresses have been added to the bounces table");
    const listed = await walk((query) => suppressions.list(domain, "bounces", query), { limit: 3 });
    assert.deepEqual(
      listed.map((bounce) => bounce.address),
      ["one@receiver.test", ...many.map((bounce) => bounce.address)],
    );
    const shown = await suppressions.get(domain, "bounces", address(3));
    assert.deepEqual([shown.address, shown.code, shown.error], [address(3), 550, "gone"]);
    assert(Math.abs(shown.created_at - Date.now()) < 3_600_000, shown.created_at);
    const removed = await suppressions.destroy(domain, "bounces", address(3));
    assert.deepEqual(removed, {
      message: "Bounced address has been removed",
      value: "",
      address: address(3),
      status: 200,
    });
    const gone = await failure(() => suppressions.get(domain, "bounces", address(3)));
    assert.deepEqual([gone.status, gone.details], [404, "Address not found in bounces table"]);

    const unsubscribed = await suppressions.create(domain, "unsubscribes", { address: address(1), tag: "news" });
    assert.equal(unsubscribed.message, "Address has been added to the unsubscribes table");
    await suppressions.create(domain, "unsubscribes", [{ address: address(2), tags: ["a", "b"] }, { address: address(3) }]);
    const tags = await walk((query) => suppressions.list(domain, "unsubscribes", query), { limit: 1 });
    assert.deepEqual(tags.map((item) => item.tags), [["news"], ["a", "b"], ["*"]]);
    const again = await suppressions.destroy(domain, "unsubscribes", address(1));
    assert.equal(again.message, "Unsubscribe event has been removed");

    const complained = await suppressions.create(domain, "complaints", { address: address(4) });
    assert.equal(complained.message, "1 complaint addresses have been added to the complaints table");
    assert.equal((await suppressions.get(domain, "complaints", address(4))).address, address(4));
    const forgiven = await suppressions.destroy(domain, "complaints", address(4));
    assert.equal(forgiven.message, "Spam complaint has been removed");
    const none = await failure(() => suppressions.get(domain, "complaints", address(4)));
    assert.deepEqual([none.status, none.details], [404, "No spam complaints found for this address"]);
    const all = await suppressions.destroyAll(domain, "bounces");
    assert.deepEqual(all, { message: "Bounced addresses for this domain have been removed", status: 200 });
    assert.deepEqual((await suppressions.list(domain, "bounces")).items, []);
  },

  async allowed() {
    const { suppressions } = mailgun;
    await suppressions.destroyAll(domain, "whitelists");
    const added = await suppressions.create(domain, "whitelists", { domain: "receiver.test" });
    assert.deepEqual(added, {
      message: "Address/Domain has been added to the allowlists table",
      type: "domain",
      value: "receiver.test",
      status: 200,
    });
    await suppressions.create(domain, "whitelists", { address: "vip@other.test" });
    const listed = await walk((query) => suppressions.list(domain, "whitelists", query), { limit: 1 });
    assert.deepEqual(listed.map(({ value }) => value).sort(), ["receiver.test", "vip@other.test"]);
    const shown = await suppressions.get(domain, "whitelists", "vip@other.test");
    assert.equal(shown.value, "vip@other.test");
    assert(Math.abs(shown.createdAt - Date.now()) < 3_600_000, shown.createdAt);
    const removed = await suppressions.destroy(domain, "whitelists", "vip@other.test");
    assert.deepEqual(removed, {
      message: "Whitelist address/domain has been removed",
      value: "vip@other.test",
      address: "",
      status: 200,
    });
    const missing = await failure(() => suppressions.create(domain, "whitelists", { reason: "none" }));
    assert.deepEqual([missing.status, missing.details], [400, "Missing mandatory parameter: address/domain"]);
    const all = await suppressions.destroyAll(domain, "whitelists");
    assert.equal(all.message, "Allowlist addresses/domains for this domain have been removed");
  },

  async imports() {
    const { suppressions } = mailgun;
    const standby = { message: "file uploaded successfully for processing. standby..." };
    const table = (text) => (facts.fetch ? file(Buffer.from(text), "table.csv", "text/csv") : text);
    assert.deepEqual(
      await suppressions.upload(domain, "bounces", table("address,code,error\nx@receiver.test,550,full\n")),
      standby,
    );
    assert.deepEqual(
      await suppressions.upload(domain, "whitelists", table("address,domain\n,allowed.test\n")),
      standby,
    );
  },
};
Object.assign(cases, require("./mailgun_js_more.js")({ mailgun, client, queued, walk, file }));
facts.run(cases);
