// Nodemailer with nodemailer-mailgun-transport, which knows fewer fields than the API.
const assert = require("node:assert");
const nodemailer = require("nodemailer");
const mailgun = require("nodemailer-mailgun-transport");
const facts = require("./facts.js");
const { domain, failure } = facts;

const transport = (more = {}) =>
  nodemailer.createTransport(mailgun({ auth: { api_key: facts.key, domain, ...more }, url: facts.url }));
const author = { name: "山田太郎", address: `alice@${domain}` };
const send = async (mail) => {
  const sent = await transport().sendMail({ from: author, ...mail });
  assert.equal(sent.messageId, sent.id);
  return sent;
};

facts.run({
  simple: () => send({ to: "friend@receiver.test", subject: facts.subject, text: facts.text }),

  rich: () =>
    send({
      to: [{ name: "友人", address: "friend@receiver.test" }],
      cc: "copy@receiver.test",
      bcc: "hidden@receiver.test",
      replyTo: "reply@sender.test",
      subject: facts.subject,
      text: "こんにちは。\n",
      html: '<p>写真 <img src="cid:logo.png"></p>',
      "o:tag": ["invoice", "tag 1"],
      "v:order": "17",
      "o:deliverytime": facts.soon(),
      attachments: [
        { filename: "a b.txt", content: "plain octets\n", contentType: "text/plain" },
        { filename: "日本.png", content: facts.picture },
        { cid: "logo.png", content: facts.picture },
      ],
    }),

  batch: () =>
    send({
      to: ["ann@receiver.test", "ben@receiver.test"],
      subject: "%recipient.name%: %recipient.number%",
      text: "Dear %recipient.name% <%recipient_email%>\n",
      "recipient-variables": JSON.stringify({
        "ann@receiver.test": { name: "Ann", number: 1 },
        "ben@receiver.test": { name: "Ben", number: 2 },
      }),
    }),

  own: () =>
    send({
      to: "friend@receiver.test",
      subject: "x",
      text: "x",
      messageId: `<of-my-own@${domain}>`,
      "h:List-Unsubscribe": "<mailto:leave@sender.test>",
    }),

  async errors() {
    const message = { from: author, to: "friend@receiver.test", subject: "x", text: "x" };
    const wrong = await failure(() => transport({ api_key: "wrong" }).sendMail(message));
    assert.deepEqual([wrong.status, wrong.details], [401, "Forbidden"]);
    const unknown = await failure(() => transport({ domain: "unknown.test" }).sendMail(message));
    assert.deepEqual([unknown.status, unknown.details], [404, "Domain not found: unknown.test"]);
    // It writes names without quotes: a comma makes another address of the first half.
    const comma = { ...message, to: { name: "Bob, B", address: "bob@receiver.test" } };
    const torn = await failure(() => transport().sendMail(comma));
    assert.deepEqual(
      [torn.status, torn.details],
      [400, "to parameter is not a valid address. please check documentation"],
    );
    // More than 50 MiB the client does not send at all.
    const large = await failure(() => transport().sendMail({ ...message, text: "x".repeat(30 << 20) }));
    assert.equal(large.status, 413);
  },

  template: () =>
    send({
      to: "friend@receiver.test",
      subject: "Hello",
      template: "welcome",
      "v:name": "Ann",
      "h:X-Mailgun-Variables": JSON.stringify({ greeting: "こんにちは" }),
    }),
});
