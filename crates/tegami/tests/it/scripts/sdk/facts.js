// What the test told us, and running the case that it asks for. What a case returns is printed.
const fs = require("fs");

const facts = JSON.parse(fs.readFileSync(0, "utf8"));

const run = (cases) =>
  cases[facts.case]()
    .then((said) => console.log(JSON.stringify(said ?? {})))
    .catch((error) => {
      console.error(error, JSON.stringify(error?.details ?? null));
      process.exit(1);
    });

// The error of a call that must fail.
const failure = async (call) => {
  let answer;
  try {
    answer = await call();
  } catch (error) {
    return error;
  }
  throw new Error(`this should have failed: ${JSON.stringify(answer)}`);
};

// A moment near enough to wait for, in whole seconds.
const soon = () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000).toUTCString();

module.exports = { ...facts, run, failure, soon, picture: Buffer.from(facts.picture ?? "", "base64") };
