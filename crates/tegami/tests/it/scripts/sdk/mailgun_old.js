// mailgun-js, the client before mailgun.js: forms instead of multipart, credentials in the address of the request.
const assert = require("node:assert");
const create = require("mailgun-js");
const facts = require("./facts.js");
const { domain, failure } = facts;

const client = (more = {}) =>
  create({
    apiKey: facts.key,
    domain,
    host: facts.host,
    port: facts.port,
    protocol: "http:",
    endpoint: "/v3",
    mute: true,
    ...more,
  });
const mailgun = client();
const queued = (answer) => {
  assert.equal(answer.message, "Queued. Thank you.");
  return answer;
};
const attachment = (data, filename, contentType) =>
  new mailgun.Attachment({ data, filename, contentType, knownLength: data.length });

facts.run({
  async simple() {
    return queued(
      await mailgun.messages().send({
        from: facts.author,
        to: "friend@receiver.test",
        subject: facts.subject,
        text: facts.text,
      }),
    );
  },

  async rich() {
    return queued(
      await mailgun.messages().send({
        from: facts.author,
        to: "友人 <friend@receiver.test>",
        cc: "copy@receiver.test",
        bcc: "hidden@receiver.test",
        "h:Reply-To": "reply@sender.test",
        subject: facts.subject,
        text: "こんにちは。\n",
        html: '<p>写真 <img src="cid:logo.png"></p>',
        "o:tag": ["invoice", "tag 1"],
        "v:order": 17,
        "o:deliverytime": facts.soon(),
        "o:tracking": false,
        "o:dkim": true,
        attachment: [
          attachment(Buffer.from("plain octets\n"), "a b.txt", "text/plain"),
          attachment(facts.picture, "日本.png", "image/png"),
        ],
        inline: attachment(facts.picture, "logo.png", "image/png"),
      }),
    );
  },

  async batch() {
    return queued(
      await mailgun.messages().send({
        from: facts.author,
        to: ["ann@receiver.test", "ben@receiver.test"],
        subject: "%recipient.name%: %recipient.number%",
        text: "Dear %recipient.name% <%recipient_email%>\n",
        "recipient-variables": {
          "ann@receiver.test": { name: "Ann", number: 1 },
          "ben@receiver.test": { name: "Ben", number: 2 },
        },
      }),
    );
  },

  async mime() {
    const message =
      `From: alice@${domain}\nTo: friend@receiver.test\nMessage-ID: <old-client@${domain}>\n` +
      "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nSubject: whole\n\nHello\n";
    const answer = queued(await mailgun.messages().sendMime({ to: "friend@receiver.test", message }));
    assert.equal(answer.id, `<old-client@${domain}>`);
    return answer;
  },

  async errors() {
    const message = { from: `alice@${domain}`, to: "friend@receiver.test", subject: "x", text: "x" };
    const said = async (using, change, status, text) => {
      const error = await failure(() => using.messages().send({ ...message, ...change }));
      assert.deepEqual([error.statusCode, error.message], [status, text]);
    };
    await said(client({ apiKey: "wrong" }), {}, 401, "Forbidden");
    await said(client({ domain: "unknown.test" }), {}, 404, "Domain not found: unknown.test");
    await said(mailgun, { to: "nobody" }, 400, "to parameter is not a valid address. please check documentation");
    const large = await failure(() => mailgun.messages().send({ ...message, text: "x".repeat(30 << 20) }));
    assert.equal(large.statusCode, 413);
  },

  async events() {
    const found = await mailgun.get(`/${domain}/events`, { event: "delivered", limit: 1 });
    assert.equal(found.items.length, 1);
    // Its pages are followed by their paths.
    const seen = [];
    let page = found;
    while (page.items.length) {
      seen.push(...page.items.map(({ id }) => id));
      const { pathname, search } = new URL(page.paging.next);
      page = await mailgun.get(pathname.replace("/v3", "") + search);
    }
    assert.equal(new Set(seen).size, seen.length);
    const key = found.items[0].storage.key;
    const stored = await mailgun.messages(key).info();
    assert.equal(stored.subject, found.items[0].message.headers.subject);
    return { seen: seen.length };
  },

  async suppressions() {
    for (const kind of ["bounces", "unsubscribes", "complaints"]) {
      await mailgun.delete(`/${domain}/${kind}`);
    }
    const address = "user+1@receiver.test";
    const bounced = await mailgun.bounces().create({ address, code: 550, error: "gone" });
    assert.deepEqual(bounced, { message: "Address has been added to the bounces table", address });
    const { items, paging } = await mailgun.bounces().list({ limit: 5 });
    assert.deepEqual([items.length, items[0].code, items[0].error], [1, "550", "gone"]);
    assert.deepEqual(Object.keys(paging).sort(), ["first", "last", "next", "previous"]);
    // This client writes addresses into paths as they are.
    assert.equal((await mailgun.bounces(address).info()).address, address);
    assert.equal((await mailgun.bounces(address).delete()).message, "Bounced address has been removed");
    assert.equal((await failure(() => mailgun.bounces(address).info())).statusCode, 404);
    await mailgun.unsubscribes().create({ address, tag: "*" });
    await mailgun.unsubscribes().create([{ address: "b@receiver.test", tags: ["x"] }, { address: "c@receiver.test" }]);
    assert.equal((await mailgun.unsubscribes().list()).items.length, 3);
    assert.equal((await mailgun.unsubscribes(address).delete()).message, "Unsubscribe event has been removed");
    await mailgun.complaints().create({ address });
    assert.equal((await mailgun.complaints(address).info()).address, address);
    assert.equal((await mailgun.complaints(address).delete()).message, "Spam complaint has been removed");
  },

  async domains() {
    const made = await mailgun.post("/domains", { name: "old.test", smtp_password: "correct horse", wildcard: false });
    assert.equal(made.message, "Domain DNS records have been created");
    assert.equal(made.domain.smtp_password, "correct horse");
    const listed = await mailgun.domains().list({ limit: 5 });
    assert.equal(listed.total_count, listed.items.length);
    assert.equal((await mailgun.domains("old.test").info()).domain.name, "old.test");
    const verified = await mailgun.domains("old.test").verify().verify();
    assert.equal(verified.message, "Domain DNS records have been updated");
    const paired = await mailgun.domains("old.test").credentials().create({ login: "clerk@old.test", password: "correct horse" });
    assert.equal(paired.message, "Created 1 credentials pair(s)");
    assert((await mailgun.domains("old.test").credentials().list()).total_count >= 1);
    const changed = await mailgun.domains("old.test").credentials("clerk").update({ password: "better horse" });
    assert.equal(changed.message, "Password changed");
    const gone = await mailgun.domains("old.test").credentials("clerk").delete();
    assert.equal(gone.message, "Credentials have been deleted");
    assert.equal((await mailgun.domains("old.test").delete()).message, "Domain will be deleted in the background");
  },

  async routes() {
    const made = await mailgun.routes().create({
      priority: 1,
      description: "old",
      expression: 'match_recipient("old@sender.test")',
      action: 'forward("http://203.0.113.9/x")',
    });
    const { id } = made.route;
    assert.equal(made.message, "Route has been created");
    assert.equal((await mailgun.routes(id).info()).route.id, id);
    assert.equal((await mailgun.routes().list({ limit: 1, skip: 0 })).items.length, 1);
    assert.equal((await mailgun.routes(id).update({ description: "new" })).description, "new");
    assert.equal((await mailgun.routes(id).delete()).message, "Route has been deleted");
  },

  async lists() {
    const address = `old@${domain}`;
    const made = await mailgun.lists().create({ address, name: "Old", description: "of old" });
    assert.equal(made.message, "Mailing list has been created");
    assert.equal((await mailgun.lists(address).info()).list.name, "Old");
    const members = mailgun.lists(address).members();
    const ann = await members.create({ address: "ann@receiver.test", subscribed: true, vars: { age: 26 } });
    assert.deepEqual(ann.member.vars, { age: 26 });
    const added = await members.add({ members: [{ address: "ben@receiver.test", name: "Ben" }], subscribed: true });
    assert.equal(added.list.members_count, 2);
    assert.equal((await members.list()).items.length, 2);
    const ben = mailgun.lists(address).members("ben@receiver.test");
    assert.equal((await ben.update({ name: "Benjamin" })).member.name, "Benjamin");
    assert.equal((await ben.info()).member.subscribed, true);
    assert.equal((await ben.delete()).message, "Mailing list member has been deleted");
    assert.equal((await mailgun.lists(address).update({ description: "new" })).list.description, "new");
    assert.equal((await mailgun.lists(address).delete()).message, "Mailing list has been removed");
  },

  async tags() {
    const { items } = await mailgun.tags().list();
    assert(items.some(({ tag }) => tag === "tag 1"), JSON.stringify(items));
    assert.equal((await mailgun.tags("invoice").info()).tag, "invoice");
    const counted = await mailgun.tags("invoice").stats().info({ event: ["accepted"] });
    assert.equal(counted.tag, "invoice");
    assert.equal((await mailgun.tags("invoice").delete()).message, "Tag deleted");
  },

  // What its receivers do with a webhook. The signing key is the key that the client was given.
  async webhook() {
    const receiver = client({ apiKey: facts.signing });
    const { signature } = JSON.parse(facts.post);
    assert(receiver.validateWebhook(signature.timestamp, signature.token, signature.signature));
    assert(!receiver.validateWebhook(signature.timestamp, signature.token, signature.signature), "a replay");
    const torn = client({ apiKey: "another" });
    assert(!torn.validateWebhook(signature.timestamp, signature.token, signature.signature));
  },
});
