// A message with an attachment by Nodemailer: HOST PORT USER PASSWORD TO FILE SUBJECT.
const nodemailer = require("nodemailer");

const [host, port, user, pass, to, file, subject] = process.argv.slice(2);
const transport = nodemailer.createTransport({
  host,
  port: Number(port),
  requireTLS: true,
  tls: { rejectUnauthorized: false },
  auth: { user, pass },
});
transport
  .sendMail({
    from: { name: "山田太郎", address: user },
    to,
    subject,
    text: "こんにちは。\n.\n..先頭の点\n",
    attachments: [{ filename: "見積書.bin", path: file }],
  })
  .then((sent) => {
    if (sent.rejected.length) throw new Error(sent.rejected.join());
    transport.close();
  })
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
