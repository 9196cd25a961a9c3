// The rest of mailgun.js: what an account is made of.
const assert = require("node:assert");
const facts = require("./facts.js");
const { domain, failure } = facts;

module.exports = ({ mailgun, queued, walk, file }) => ({
  async templates() {
    const { domainTemplates: templates } = mailgun.domains;
    const made = await templates.create(domain, {
      name: "Welcome",
      description: "for new people",
      template: "<p>{{greeting}} {{name}}{{#if vip}} ★{{/if}}</p>",
      tag: "V1",
      comment: "the first",
      headers: JSON.stringify({ Subject: "Hello {{name}}", From: `Shop <shop@${domain}>` }),
    });
    assert.deepEqual([made.name, made.description], ["welcome", "for new people"]);
    assert(made.createdAt instanceof Date && !Number.isNaN(+made.createdAt));
    await templates.create(domain, { name: "second", description: "" });
    const listed = await walk((query) => templates.list(domain, query), { limit: 1 });
    assert.deepEqual(listed.map(({ name }) => name), ["second", "welcome"]);
    const shown = await templates.get(domain, "welcome", { active: "yes" });
    assert.deepEqual(
      [shown.version.tag, shown.version.active, shown.version.engine, shown.version.comment],
      ["v1", true, "handlebars", "the first"],
    );
    assert(shown.version.template.includes("{{greeting}}"));
    const version = await templates.createVersion(domain, "welcome", {
      template: "<p>{{greeting}} {{name}}!</p>",
      tag: "v2",
      engine: "handlebars",
      active: "yes",
    });
    assert.equal(version.message, "new version of the template has been stored");
    assert.equal(version.template.version.tag, "v2");
    const { template } = await templates.listVersions(domain, "welcome");
    assert.deepEqual(template.versions.map(({ tag, active }) => [tag, active]), [["v1", false], ["v2", true]]);
    assert.equal((await templates.getVersion(domain, "welcome", "v1")).version.comment, "the first");
    const changed = await templates.updateVersion(domain, "welcome", "v1", { comment: "old", active: "yes" });
    assert.deepEqual(changed, {
      status: 200,
      message: "version has been updated",
      templateName: "welcome",
      templateVersion: { tag: "v1" },
    });
    const updated = await templates.update(domain, "welcome", { description: "for all" });
    assert.deepEqual(updated, { status: 200, message: "template has been updated", templateName: "welcome" });
    const sent = queued(
      await mailgun.messages.create(domain, {
        to: "friend@receiver.test",
        template: "welcome",
        "t:variables": JSON.stringify({ name: "<Ann>", vip: true }),
        "v:greeting": "こんにちは",
        "v:name": "weaker",
        "t:text": true,
      }),
    );
    const headed = queued(
      await mailgun.messages.create(domain, {
        from: `alice@${domain}`,
        to: "friend@receiver.test",
        subject: "of mine",
        template: "welcome",
        "t:version": "v2",
        "h:X-Mailgun-Variables": JSON.stringify({ greeting: "Hi", name: "Ben" }),
      }),
    );
    const removed = await templates.destroyVersion(domain, "welcome", "v2");
    assert.deepEqual([removed.message, removed.templateVersion], ["version has been deleted", { tag: "v2" }]);
    assert.equal((await templates.destroy(domain, "welcome")).message, "template has been deleted");
    const missing = await failure(() => templates.get(domain, "welcome"));
    assert.deepEqual([missing.status, missing.details], [404, "template not found"]);
    const unknown = await failure(() =>
      mailgun.messages.create(domain, { from: `a@${domain}`, to: "b@receiver.test", template: "welcome" }),
    );
    assert.deepEqual([unknown.status, unknown.details], [400, "template with name 'welcome' not found"]);
    assert.deepEqual(await templates.destroyAll(domain), { status: 200, message: "templates have been deleted" });
    return { sent, headed };
  },

  // A domain from its birth to its end; between the two parts the test publishes its records.
  async domain() {
    const { domains } = mailgun;
    const made = await domains.create({ name: "fresh.test", wildcard: true, spam_action: "tag" });
    assert.deepEqual(
      [made.name, made.state, made.wildcard, made.spam_action, made.is_disabled, made.smtp_login],
      ["fresh.test", "unverified", true, "tag", false, "postmaster@fresh.test"],
    );
    assert(/^[0-9a-f]{24}$/.test(made.id), made.id);
    assert(!Number.isNaN(+made.created_at));
    const types = made.sending_dns_records.map(({ record_type }) => record_type);
    assert(types.includes("TXT"), types);
    for (const record of [...made.sending_dns_records, ...made.receiving_dns_records]) {
      assert.equal(record.valid, "unknown", JSON.stringify(record));
      assert(Array.isArray(record.cached));
      if (record.record_type === "MX") assert.equal(typeof record.priority, "string");
    }
    assert((await domains.list({ limit: 10 })).some(({ name }) => name === "fresh.test"));
    assert.deepEqual((await domains.list({ skip: 100 })), []);
    const shown = await domains.get("Fresh.test", { extended: true, with_dns: true });
    assert.deepEqual([shown.name, shown.sending_dns_records.length > 1], ["fresh.test", true]);
    const updated = await domains.update("fresh.test", { wildcard: false, web_scheme: "https" });
    assert.deepEqual([updated.wildcard, updated.web_scheme], [false, "https"]);
    const again = await failure(() => domains.create({ name: "fresh.test" }));
    assert.equal(again.status, 400);
    const short = await failure(() => domains.create({ name: "short.test", smtp_password: "abc" }));
    assert.deepEqual(
      [short.status, short.details],
      [400, "Password is too short. It must be between 5 and 32 characters."],
    );
    const unknown = await failure(() => domains.get("unknown.test"));
    assert.deepEqual([unknown.status, unknown.details], [404, "Domain not found"]);
    assert.equal((await domains.verify("fresh.test")).state, "unverified");
    return { sending: made.sending_dns_records, receiving: made.receiving_dns_records };
  },

  async verified() {
    const verified = await mailgun.domains.verify("fresh.test");
    assert.equal(verified.state, "active", JSON.stringify(verified));
    const dkim = verified.sending_dns_records.filter(({ name }) => name.includes("._domainkey."));
    assert(dkim.length && dkim.every(({ valid }) => valid === "valid"), JSON.stringify(dkim));
  },

  async settings() {
    const { domains } = mailgun;
    const { domainCredentials: credentials, domainTracking: tracking } = domains;
    const name = "fresh.test";
    assert.equal((await credentials.create(name, { login: "clerk", password: "correct horse" })).message,
      "Created 1 credentials pair(s)");
    const listed = await credentials.list(name, { limit: 10 });
    assert(listed.items.some(({ login }) => login === "clerk@fresh.test"), JSON.stringify(listed));
    assert.equal(listed.totalCount, listed.items.length);
    assert.equal((await credentials.update(name, "clerk", { password: "better horse" })).message, "Password changed");
    const missing = await failure(() => credentials.destroy(name, "nobody"));
    assert.deepEqual([missing.status, missing.details], [404, "Credentials not found"]);

    const connection = await domains.getConnection(name);
    assert.deepEqual([connection.require_tls, connection.skip_verification], [false, false]);
    const changed = await domains.updateConnection(name, { require_tls: true, skip_verification: true });
    assert.equal(
      changed.message,
      "Domain connection settings have been updated, may take 10 minutes to fully propagate",
    );
    assert.deepEqual([changed.require_tls, changed.skip_verification], [true, true]);

    const tracked = await tracking.getTracking(name);
    assert.deepEqual(
      [tracked.open.active, tracked.click.active, tracked.unsubscribe.active],
      [false, false, false],
    );
    assert(tracked.unsubscribe.html_footer.includes("%unsubscribe_url%"));
    for (const kind of ["open", "click", "unsubscribe"]) {
      const updated = await tracking.updateTracking(name, kind, { active: true });
      assert.equal(updated.message, "Domain tracking settings have been updated");
      assert.equal(updated[kind].active, true);
    }

    const { domainKeys } = domains;
    const keys = await domainKeys.list(name);
    assert(keys.items.length >= 1 && keys.items[0].selector, JSON.stringify(keys));
    assert.equal(keys.items[0].signing_domain, name);
    assert.equal(keys.items[0].dns_record.record_type, "TXT");
  },

  async credentials() {
    const { domainCredentials: credentials } = mailgun.domains;
    const gone = await credentials.destroy("fresh.test", "clerk");
    assert.deepEqual(gone, { status: 200, message: "Credentials have been deleted", spec: "clerk@fresh.test" });
    await credentials.create("fresh.test", { login: "other@fresh.test", password: "correct horse" });
    const all = await credentials.destroyAll("fresh.test");
    assert.equal(all.message, "All domain credentials have been deleted");
    assert(all.count >= 1);
    const removed = await mailgun.domains.destroy("fresh.test");
    assert.equal(removed.message, "Domain will be deleted in the background");
    assert.equal((await failure(() => mailgun.domains.get("fresh.test"))).status, 404);
  },

  // What is marked useful about keys of domains.
  async keys() {
    const { domainKeys: keys } = mailgun.domains;
    const made = await keys.create({ signingDomain: domain, selector: "second", bits: 2048 });
    assert.deepEqual([made.status, made.signing_domain, made.selector], [200, domain, "second"]);
    const on = await keys.activate(domain, "second");
    assert.deepEqual([on.message, on.authority, on.selector, on.active], ["domain key activated", domain, "second", true]);
    assert.equal((await keys.deactivate(domain, "second")).active, false);
    const all = await keys.listAll({ signingDomain: domain });
    assert(all.items.some(({ selector }) => selector === "second"), JSON.stringify(all));
    assert((await keys.listAll()).items.length);
    const twice = await failure(() => keys.create({ signingDomain: domain, selector: "second" }));
    assert.equal(twice.status, 400);
    assert(twice.details.includes("failed to create domain key: duplicate key"), twice.details);
    const torn = await failure(() => keys.create({ signingDomain: domain, selector: "third", pem: "lorem ipsum" }));
    assert(torn.details.includes("failed to import domain key: failed to parse PEM"), torn.details);
    assert.deepEqual(await keys.destroy(domain, "second"), { message: "success" });
    const gone = await failure(() => keys.destroy(domain, "second"));
    assert.deepEqual([gone.status, gone.details], [404, "domain key not found"]);
    const authority = await keys.updateDKIMAuthority(domain, { self: "true" });
    assert(/^Domain DKIM authority has (not )?been changed$/.test(authority.message), authority.message);
    assert.equal(typeof authority.changed, "boolean");
    const selector = await keys.updateDKIMSelector(domain, { dkimSelector: "s9" });
    assert.deepEqual([selector.status, selector.message], [200, "DKIM selector changed"]);
    const prefix = await mailgun.domains.updateWebPrefix(domain, { webPrefix: "click" });
    assert.equal(prefix.body.message, "Domain web prefix updated");
    assert(Array.isArray(await mailgun.domains.getIps(domain)));
  },

  async routes() {
    const { routes } = mailgun;
    const forward = `forward("${facts.posts}/parsed")`;
    const made = await routes.create({
      priority: 5,
      description: "一つ目",
      expression: 'match_recipient("info@sender.test")',
      action: [forward, "stop()"],
    });
    assert.deepEqual(
      [made.priority, made.description, made.expression, made.actions],
      [5, "一つ目", 'match_recipient("info@sender.test")', [forward, "stop()"]],
    );
    assert(/^[0-9a-f]{24}$/.test(made.id), made.id);
    assert(made.created_at.endsWith("GMT"), made.created_at);
    assert.deepEqual(await routes.get(made.id), made);
    const updated = await routes.update(made.id, { description: "changed", priority: 7 });
    assert.deepEqual(
      [updated.message, updated.id, updated.description, updated.priority, updated.expression],
      ["Route has been updated", made.id, "changed", 7, made.expression],
    );
    const second = await routes.create({ expression: "catch_all()", action: "stop()" });
    assert.equal(second.priority, 0);
    assert.equal((await routes.list({ skip: 1, limit: 5 })).length, 1);
    assert.equal((await routes.list()).length, 2);
    const broken = await failure(() => routes.create({ expression: "match_recipient(", action: "stop()" }));
    assert.equal(broken.status, 400);
    const none = await failure(() => routes.create({ expression: "catch_all()" }));
    assert.equal(none.status, 400);
    const gone = await routes.destroy(second.id);
    assert.deepEqual([gone.message, gone.id], ["Route has been deleted", second.id]);
    const unknown = await failure(() => routes.get(second.id));
    assert.deepEqual([unknown.status, unknown.details], [404, "Route not found"]);
    assert.equal((await routes.matchAddress("info@sender.test")).id, made.id);
    return made;
  },

  async webhooks() {
    const { webhooks } = mailgun;
    assert.deepEqual(await webhooks.list(domain), {});
    const made = await webhooks.create(domain, "delivered", `${facts.posts}/delivered`);
    assert.deepEqual([made.id, made.urls], ["delivered", [`${facts.posts}/delivered`]]);
    await webhooks.create(domain, "permanent_fail", `${facts.posts}/failed`);
    await webhooks.create(domain, "opened", [`${facts.posts}/a`, `${facts.posts}/b`]);
    const listed = await webhooks.list(domain, {});
    assert.deepEqual(Object.keys(listed).sort(), ["delivered", "opened", "permanent_fail"]);
    assert.deepEqual(listed.opened.urls, [`${facts.posts}/a`, `${facts.posts}/b`]);
    assert.deepEqual((await webhooks.get(domain, "delivered")).urls, [`${facts.posts}/delivered`]);
    assert.deepEqual((await webhooks.update(domain, "opened", `${facts.posts}/c`)).urls, [`${facts.posts}/c`]);
    assert.equal((await webhooks.destroy(domain, "opened")).id, "opened");
    assert.equal((await failure(() => webhooks.get(domain, "opened"))).status, 404);
    const bad = await failure(() => webhooks.create(domain, "clicked", "not a url"));
    assert.equal(bad.status, 400);
    const kind = await failure(() => webhooks.create(domain, "no_such_type", `${facts.posts}/x`));
    assert.equal(kind.status, 400);
  },

  async clear_webhooks() {
    for (const kind of Object.keys(await mailgun.webhooks.list(domain))) await mailgun.webhooks.destroy(domain, kind);
  },

  async webhook_extras() {
    const tried = await mailgun.webhooks.create(domain, "delivered", `${facts.posts}/tried`, true);
    assert.equal(tried.code, 200);
    const key = await mailgun.accountManagement.getWebhookSigningKey();
    assert.equal(key.status, 200);
    assert(key.http_signing_key.length >= 16);
    const fresh = await mailgun.accountManagement.createWebhookSigningKey();
    assert.notEqual(fresh.http_signing_key, key.http_signing_key);
  },

  async lists() {
    const { lists } = mailgun;
    const { members } = lists;
    const address = `dev@${domain}`;
    const made = await lists.create({ address, name: "開発", description: "", access_level: "members" });
    assert.deepEqual(
      [made.address, made.name, made.access_level, made.members_count, made.reply_preference],
      [address, "開発", "members", 0, "list"],
    );
    assert(made.created_at.endsWith("-0000"), made.created_at);
    await lists.create({ address: `all@${domain}` });
    const listed = await walk((query) => lists.list(query), { limit: 1 });
    assert.deepEqual(listed.map((list) => list.address), [`all@${domain}`, address]);
    const offset = await lists.listByAddress({ limit: 10 });
    assert.deepEqual([offset.total_count, offset.items.length], [2, 2]);
    assert.equal((await lists.get(address)).name, "開発");
    assert.equal((await lists.update(address, { description: "all of them" })).description, "all of them");
    const wrong = await failure(() => lists.create({ address: `x@${domain}`, access_level: "nobody" }));
    assert.deepEqual(
      [wrong.status, wrong.details],
      [400, "Invalid access level 'nobody'. It can be any of: 'readonly', 'members', 'everyone'."],
    );
    const ann = await members.createMember(address, {
      address: "ann@receiver.test",
      name: "Ann",
      vars: { age: 26 },
      subscribed: true,
    });
    assert.deepEqual(ann, { address: "ann@receiver.test", name: "Ann", subscribed: true, vars: { age: 26 } });
    const twice = await failure(() => members.createMember(address, { address: "ann@receiver.test" }));
    assert.deepEqual([twice.status, twice.details], [400, "Address already exists 'ann@receiver.test'"]);
    const bulk = await members.createMembers(address, {
      members: [{ address: "ben@receiver.test", name: "Ben", vars: {} }, { address: "cy@receiver.test" }],
      upsert: "yes",
    });
    assert.equal(bulk.message, "Mailing list has been updated");
    assert.equal(bulk.list.members_count, 3);
    const all = await walk((query) => members.listMembers(address, query), { limit: 2 });
    assert.deepEqual(all.map((member) => member.name), ["Ann", "Ben", ""]);
    assert.equal((await members.listMembersByAddress(address)).total_count, 3);
    assert.equal((await members.getMember(address, "ann@receiver.test")).vars.age, 26);
    const changed = await members.updateMember(address, "ann@receiver.test", { subscribed: false, name: "Anna" });
    assert.deepEqual([changed.name, changed.subscribed], ["Anna", false]);
    const csv = "address,name,subscribed\ndee@receiver.test,Dee,yes\n";
    await members.upload(address, facts.fetch ? file(Buffer.from(csv), "m.csv", "text/csv") : csv);
    const gone = await members.destroyMember(address, "ben@receiver.test");
    assert.equal(gone.message, "Mailing list member has been deleted");
    const missing = await failure(() => members.getMember(address, "ben@receiver.test"));
    assert.deepEqual(
      [missing.status, missing.details],
      [404, `Member ben@receiver.test of mailing list ${address} not found`],
    );
    const sent = queued(
      await mailgun.messages.create(domain, { from: `alice@${domain}`, to: address, subject: "to all", text: "x" }),
    );
    assert.equal((await lists.destroy(`all@${domain}`)).message, "Mailing list has been removed");
    const unknown = await failure(() => lists.get(`all@${domain}`));
    assert.deepEqual([unknown.status, unknown.details], [404, `Mailing list all@${domain} not found`]);
    return sent;
  },

  async figures() {
    const { stats, metrics, logs, tags } = mailgun;
    const total = await stats.getDomain(domain, { event: ["accepted", "delivered", "failed"] });
    assert(total.start instanceof Date && total.resolution === "day", JSON.stringify(total));
    const sum = (kind, path) => total.stats.reduce((sum, bucket) => sum + bucket[kind][path], 0);
    assert.equal(sum("accepted", "total"), facts.accepted);
    assert.equal(sum("delivered", "total"), facts.delivered);
    assert(total.stats.every((bucket) => bucket.opened === undefined));
    const account = await stats.getAccount({ event: "accepted", resolution: "hour", duration: "24h" });
    assert.equal(account.resolution, "hour");
    assert(account.stats.length >= 24);
    const asked = {
      start: new Date(Date.now() - 3_600_000),
      resolution: "hour",
      dimensions: ["time"],
      metrics: ["accepted_count", "delivered_count", "delivered_rate"],
      filter: { AND: [{ attribute: "domain", comparator: "=", values: [{ label: domain, value: domain }] }] },
      include_aggregates: true,
    };
    const measured = await metrics.getAccount(asked);
    assert.equal(measured.aggregates.metrics.accepted_count, facts.accepted, JSON.stringify(measured));
    assert.equal(typeof measured.aggregates.metrics.delivered_rate, "string");
    assert(measured.items.length >= 1);
    const logged = await logs.list({ start: new Date(Date.now() - 3_600_000), events: ["accepted"], pagination: { limit: 2 } });
    assert.equal(logged.items.length, 2, JSON.stringify(logged));
    assert(!Number.isNaN(+logged.items[0]["@timestamp"]));
    assert.equal(logged.items[0].domain.name, domain);
    const { domainTags } = mailgun.domains;
    const named = await walk((query) => domainTags.list(domain, query), { limit: 1 });
    assert.deepEqual(named.map(({ tag }) => tag), ["one", "two"]);
    assert.equal((await domainTags.get(domain, "one")).tag, "one");
    assert.equal((await domainTags.update(domain, "one", "the first")).message, "Tag updated");
    assert.equal((await domainTags.get(domain, "one")).description, "the first");
    const counted = await domainTags.statistic(domain, "one", { event: "accepted" });
    assert.equal(counted.tag, "one");
    const listed = await tags.list({ pagination: { limit: 10 } });
    assert(listed.items.some(({ tag }) => tag === "two"), JSON.stringify(listed));
    assert.equal((await tags.update("two", "the second")).message, "Tag updated");
    const limits = await tags.limits();
    assert.equal(typeof limits.limit_reached, "boolean");
    assert.equal((await domainTags.destroy(domain, "one")).message, "Tag deleted");
    assert((await tags.destroy("two")).message);
  },

  async queues() {
    const queues = await mailgun.messages.getMessagesQueueStatus(domain);
    assert.deepEqual([queues.regular.is_disabled, queues.scheduled.is_disabled], [false, false]);
  },

  async account() {
    const { apiKeys, ips, validate } = mailgun;
    const ours = await ips.list();
    assert(Array.isArray(ours.items) && ours.total_count === ours.items.length, JSON.stringify(ours));
    if (ours.items.length) assert.equal((await ips.get(ours.items[0])).ip, ours.items[0]);
    const good = await validate.get("friend@receiver.test");
    assert.equal(good.address, "friend@receiver.test");
    assert(["deliverable", "unknown"].includes(good.result), JSON.stringify(good));
    assert.deepEqual([good.is_role_address, good.is_disposable_address], [false, false]);
    assert.equal((await validate.get("friend@nowhere.test")).result, "undeliverable");
    const made = await apiKeys.create({ role: "sending", kind: "domain", domain_name: domain, description: "of a test" });
    const all = await apiKeys.list({});
    assert(all.totalCount >= 2, JSON.stringify(all));
    assert(all.items.every(({ created_at }) => !Number.isNaN(+created_at)));
    const { id } = all.items.find(({ description }) => description === "of a test");
    assert.deepEqual(await apiKeys.destroy(id), { status: 200, message: "key deleted" });
    // What is not there says so.
    for (const call of [() => mailgun.ip_pools.list(), () => mailgun.subaccounts.list()]) {
      assert([403, 404].includes((await failure(call)).status));
    }
    return made;
  },
});
