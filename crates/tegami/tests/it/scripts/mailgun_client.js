// A message with an attachment by mailgun.js, unmodified but for its endpoint: URL KEY DOMAIN TO FILE SUBJECT.
const fs = require("fs");
const FormData = require("form-data");
const Mailgun = require("mailgun.js");

const [url, key, domain, to, file, subject] = process.argv.slice(2);
const client = new (Mailgun.default ?? Mailgun)(FormData).client({ username: "api", key, url });
client.messages
  .create(domain, {
    from: `山田太郎 <alice@${domain}>`,
    to: [to],
    subject,
    text: "こんにちは。\n.\n..先頭の点\n",
    attachment: { filename: "見積書.bin", data: fs.readFileSync(file) },
  })
  .then((answer) => console.log(JSON.stringify(answer)))
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
