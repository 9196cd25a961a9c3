### The lab: the story and its hosts.

lab-playing = messages on their way
lab-started =
    A small internet has started on this machine.
      DNS       { $dns }
      SMTP      port { $port } on 127.42.0.0/24, one address for each host
      page      { $page } shows every message with its whole conversation
lab-scene-broken = The scene could not be played: { $reason }
lab-scene-too-long = The message had no fate after { $seconds } s.
lab-door-api = by the HTTP API
lab-door-submission = by submission, STARTTLS and AUTH
lab-door-outside = from { $machine } [{ $ip }], another network
lab-tls-trusted = trusted
lab-tls-untrusted = encrypted, not trusted
lab-tls-none = clear text
lab-not-as-expected = Expected: { $expected }
lab-closing = { $good } of { $all } messages met their expected fate.
lab-try = The lab keeps running. Page: { $page }  Try:
lab-try-curl = send through the HTTP API
lab-try-swaks = submit with STARTTLS and AUTH
lab-try-stranger = spoof a bank, and be refused
lab-try-dig = ask the DNS
lab-stop = Ctrl-C ends it.

lab-scene-sign-up = A sign-up mail to a large provider
lab-scene-contact-form = A Japanese contact form with an attachment
lab-scene-greylist = A receiver that greylists
lab-scene-dead-mx = A domain whose first MX host is dead
lab-scene-null-mx = A domain that takes no mail
lab-scene-self-signed = A receiver with a self-signed certificate
lab-scene-no-such-user = A mailbox that does not exist
lab-scene-no-records = A new domain without SPF and DKIM records
lab-scene-spoofed-there = Somebody spoofs a bank at the large provider
lab-scene-spoofed-here = Somebody spoofs a bank at our own server
lab-scene-partner = A partner writes to us

lab-lesson-sign-up = SPF, DKIM and DMARC pass for the author's domain, and the sending address has a name that points back: the provider has nothing to object to.
lab-lesson-contact-form = The visitor stands in Reply-To, never in From: so DMARC passes, and answers still reach the visitor.
lab-lesson-greylist = A 451 is no failure: the queue comes back by itself, and the second attempt is let in.
lab-lesson-dead-mx = MX hosts are tried by preference; one that does not answer costs nothing but a moment.
lab-lesson-null-mx = `MX 0 .` says that nobody reads mail there, so the sender is told at once instead of after five days.
lab-lesson-self-signed = Encryption to an unknown key keeps listeners out, and is better than clear text; only a policy (MTA-STS, DANE) could demand more.
lab-lesson-no-such-user = A permanent failure comes back to the sender, word for word, and the address is not written to again.
lab-lesson-no-records = Publish the records that `tegami domain records newshop.test` prints: without SPF or DKIM the large providers refuse.
lab-lesson-spoofed-there = bank.test publishes `v=spf1 -all` and `p=reject`: nobody else can write in its name.
lab-lesson-spoofed-here = Our own server verifies before it accepts, and tells the other side why it refuses.
lab-lesson-partner = SPF passes for the author's domain, so DMARC passes without a signature; the message lies in INBOX with its verdicts.

lab-fate-unknown = Nobody knows what became of it.
lab-fate-delivered = { $host } has it, in { $mailbox }.
lab-fate-after-waiting = { $host } has it after { $attempts } attempts.
lab-fate-second-host = { $host }, the next MX host, has it.
lab-fate-received = Our server accepted it into INBOX.
lab-fate-bounced = It failed for good, and the sender was told: { $reply }
lab-fate-no-host = No host takes mail for the domain ({ $code }); the sender was told at once.
lab-fate-refused = { $host } refused it: { $reply }

lab-expected-inbox = delivered to INBOX
lab-expected-after-waiting = deferred once, then delivered
lab-expected-second-host = delivered by the second MX host
lab-expected-untrusted = delivered over TLS without trust
lab-expected-bounced = failed with { $code } and a notice to the sender
lab-expected-refused = refused with { $code }

lab-host-site = Our own server: sends for shop.test and newshop.test, receives for shop.test.
lab-host-dns = The DNS of the small internet; dig can ask it.
lab-host-bigmail = A large provider that enforces sender guidelines: PTR, TLS, SPF or DKIM, DMARC.
lab-host-grey = Asks strangers to come again.
lab-host-dead = The first MX host of deadmx.test: nobody listens.
lab-host-alive = The second MX host of deadmx.test.
lab-host-selfsigned = Its certificate vouches only for itself.
lab-host-partner = Another company, in order by SPF alone.
lab-host-spoofer = Writes in the name of bank.test.
