# The doctor: one message, as a receiver sees it.
msg-open = The DNS did not answer, so { $method } stayed open. Nothing follows from that; try again later.
msg-mail-from-untold = Nobody told the return path of the message, and nothing can be said of it.
preflight-relayed = The message leaves through { $relay }. Receivers see the address of that host, which is not known here, so what depends on it stays open.
preflight-somewhere = The message leaves from an address that the machine chooses, and { $hostname } leads to none. What depends on it stays open: name it in delivery.sources.
preflight-rehearsal = The message was only looked at, and not sent.
msg-no-author = The message names no author that could be looked at.
msg-dkim-none = The message has no DKIM signature that could be looked at.
msg-dkim-none-passes = No DKIM signature passes, or the message has no author.

check-msg-spf = SPF permits the address that sent the message
check-msg-spf-about = Evaluates the SPF record of the return path's domain for the address of the connection, as a receiver does. Gmail and Yahoo want SPF or DKIM to pass for every message, and both for bulk senders.
msg-spf = { $domain } permits { $ip } to send.
msg-spf-fail = { $domain } forbids { $ip } to send for it. Many receivers refuse the message for that.
msg-spf-softfail = { $domain } does not count { $ip } among its senders. Receivers treat the message as if anybody had sent it.
msg-spf-neutral = { $domain } says nothing about { $ip }. For receivers that is the same as no SPF.
msg-spf-none = { $domain } publishes no SPF record, so that nothing shows whether the address may send for it.
msg-spf-permerror = The SPF record of { $domain } has an error, and receivers may not use any of it. The check of the domain says which error.
msg-spf-fix = If { $ip } sends for { $domain }, put it into the SPF record.

check-msg-dkim = A DKIM signature passes
check-msg-dkim-about = Verifies every DKIM signature of the message with the keys that are published now. A signature that passes proves who vouches for the message, also after it was forwarded.
msg-dkim = { $passed } of { $count } signatures pass.
msg-dkim-fail = None of the { $count } signatures passes. To receivers the message is as good as unsigned.
msg-dkim-ed25519 = Only an Ed25519 signature passes. Many receivers, large ones among them, do not verify Ed25519 (RFC 8463): to them the message is as good as unsigned.
msg-dkim-ed25519-fix = Let the signer sign with an RSA key as well, and publish that key.
msg-dkim-own-fix = This server signs with a key whose public half is not what is published at { $keys }. Publish the record of the key that signs.

check-msg-dmarc = DMARC passes for the author's domain
check-msg-dmarc-about = Asks whether what SPF or DKIM proved belongs to the domain in the From field, and what that domain asks for where nothing does. Large receivers want a DMARC record from bulk senders, and follow p=reject.
msg-dmarc = What passed belongs to { $domain }.
msg-dmarc-none = { $domain } publishes no DMARC policy. Gmail, Outlook and Yahoo want one from everybody who sends much, and anybody can use the name.
msg-dmarc-none-fix = Publish a DMARC record for { $domain }; p=none changes nothing yet and brings reports.
msg-dmarc-fail = Nothing that passed belongs to { $domain }. Its policy for such messages: { $policy }.
msg-dmarc-fail-fix = Sign with DKIM for { $domain } (d= the same domain or one below it), or use a return path in it that passes SPF.
msg-dmarc-permerror = The author of the message cannot be read without doubt, so DMARC fails.

check-msg-both-pass = SPF and DKIM both pass
check-msg-both-pass-about = Outlook.com and Gmail want both SPF and DKIM to pass for senders of more than about 5,000 messages a day. Below that, one of them is enough.
msg-both-pass = SPF and DKIM pass.
msg-both-pass-one = { $missing } does not pass. From bulk senders Outlook and Gmail want both.
msg-both-pass-small = { $missing } does not pass. That is enough for a small sender; whoever sends thousands of messages a day needs both.

check-msg-aligned = What passes belongs to the author's domain
check-msg-aligned-about = Compares the domains of SPF and of the DKIM signatures that pass with the domain in the From field. One that is aligned is what large receivers demand; with both, the message also survives when one breaks on the way.
msg-aligned = SPF and DKIM both pass for { $domain }.
msg-aligned-one = { $method } passes for { $domain }; the other does not belong to it. That is enough as long as it lasts: SPF breaks when mail is forwarded.
msg-aligned-none = Neither SPF nor DKIM passes for { $domain }, which people see as the author.

check-msg-dkim-present = The message is signed
check-msg-dkim-present-about = Counts the DKIM-Signature fields, and shows who signed with which selector and algorithm, and when.
msg-dkim-present = The message has { $count } signatures.
msg-dkim-present-many = The message has { $count } signatures. One or two are enough; some receivers look at the first few alone.
msg-dkim-present-none = The message has no DKIM signature. Gmail, Outlook and Yahoo want one from bulk senders, and when mail is forwarded nothing else proves its author.
msg-dkim-present-fix = Let the server that sends the message sign it with DKIM for the domain in its From field.

check-msg-dkim-h-from = Every signature covers From
check-msg-dkim-h-from-about = Looks for from in h= of every signature. A signature without it proves nothing about the author, and verifiers have to refuse it.
msg-dkim-h-from = Every signature covers the From field.
msg-dkim-h-from-missing = { $count } signatures do not cover the From field. Verifiers must treat them as broken.
msg-dkim-h-from-fix = Add from to the fields that the signer signs.

check-msg-dkim-coverage = The signature covers the fields that mean something
check-msg-dkim-coverage-about = Looks which fields the best signature leaves open: author, recipients, subject, date, structure, answers, and the fields for unsubscribing, which RFC 8058 demands to be signed. What is not signed can be changed on the way while the signature still passes.
msg-dkim-coverage = All fields that mean something are signed.
msg-dkim-coverage-open = Not signed: { $fields }. Somebody on the way can change or add them, and the signature still passes.
msg-dkim-coverage-unsubscribe = Not signed: { $fields }. Gmail and Yahoo offer one-click unsubscribing only where a DKIM signature covers these fields.
msg-dkim-coverage-fix = Add these fields to those that the signer signs.

check-msg-dkim-oversign = No field can be added behind the signature
check-msg-dkim-oversign-about = A name that h= lists once more than it stands in the message forbids adding another field of that name. Without that, somebody who resends the message can put a second Subject or Reply-To on top.
msg-dkim-oversign = The fields that people see are signed once more than they stand there.
msg-dkim-oversign-open = These fields could be added without breaking the signature: { $fields }. Signing them once more than they occur prevents that.

check-msg-dkim-l = The signature covers the whole body
check-msg-dkim-l-about = With l= a signature covers only the beginning of the body. Whoever resends the message can append anything, also HTML that covers the original, and the signature still passes.
msg-dkim-l = No signature limits itself to a part of the body.
msg-dkim-l-present = A signature covers only { $length } of the body's { $total } octets (l=). Anything can be appended in the author's name.
msg-dkim-l-fix = Switch off the body length tag (l=) in the signer.

check-msg-dkim-canon = The signature bears what relays do
check-msg-dkim-canon-about = Looks at c=. With simple canonicalization of the header section, a relay that folds a line anew breaks the signature; relaxed/relaxed bears that.
msg-dkim-canon = The header section is signed relaxed.
msg-dkim-canon-simple = A signature uses simple canonicalization of the header section: a relay that folds a field anew breaks it. relaxed/relaxed is the better choice.

check-msg-dkim-time = The signature's times are right
check-msg-dkim-time-about = Looks whether t= lies in the future, whether x= has passed or comes so soon that a queued message arrives too late, and for bulk mail whether the signature expires at all: one that never does can be replayed for ever.
msg-dkim-time = The times of the signatures are right.
msg-dkim-time-future = The signature says it was made { $seconds } seconds from now: a clock is wrong.
msg-dkim-time-expired = The signature expired { $seconds } seconds ago.
msg-dkim-time-short = The signature is good for { $seconds } seconds. A message that waits in a queue arrives too late.
msg-dkim-time-no-expiry = The signature never expires (no x=). Bulk mail that is signed so can be sent again by anybody, for ever.
msg-dkim-time-fix = Set the signer's clock, and let signatures expire after some days (x=).

check-msg-dkim-bh-only = The message is as it was signed
check-msg-dkim-bh-only-about = Where a signature does not fit, tells whether the body or a signed field was changed, and searches for the change that explains it: a footer, a rewritten subject, another transfer encoding, other line ends.
msg-dkim-bh-only = Body and signed fields are as they were signed.
msg-dkim-body-changed = The body was changed after { $domain } signed it; the signed fields are as they were.
msg-dkim-header-changed = A signed field was changed after { $domain } signed the message; the body is as it was.
msg-dkim-both-changed = Both the body and the signed fields do not fit the signature of { $domain }.
msg-dkim-changed-fix = Sign as the last step before sending: after footers, scanners and whatever else changes messages.

check-msg-dkim-third-party = A signature of the author's own domain passes
check-msg-dkim-third-party-about = Looks whether a signature that passes belongs to the domain in the From field, or only to the service that sent the message. The service's signature is valid, but does not count for DMARC.
msg-dkim-own = A signature that passes belongs to { $domain }.
msg-dkim-third-party = Only { $signers } signed, not { $domain }. For DMARC such a signature does not count.
msg-dkim-third-party-fix = Set up DKIM for { $domain } at the service that sends (mostly as CNAME records), so that it signs with d={ $domain }.

check-msg-arc = Seals of forwarders
check-msg-arc-about = Shows whether forwarders sealed the message (ARC) and whether the chain holds. Nothing is advised: Google took ARC out of its guidelines in March 2026, and the IETF is making it historic.
msg-arc-none = Nobody sealed the message.
msg-arc = The seal number { $instance } of { $domain }: { $result }.

check-msg-envelope-from = The return path exists
check-msg-envelope-from-about = Looks whether the message has a return path whose domain exists. Yahoo asks for its SOA record, iCloud for the domain; an empty return path is for notifications alone.
msg-envelope-from = { $domain } exists.
msg-envelope-from-null-report = The return path is empty, as is right for a notification.
msg-envelope-from-null = The return path is empty, but this is no notification. Bounces get lost, and filters count it as a sign of spam.
msg-envelope-from-null-fix = Send with a return path of the author's domain that takes bounces.
msg-envelope-from-literal = The return path has an address instead of a domain. Hardly anybody accepts that.
msg-envelope-from-absent = The domain of the return path, { $domain }, does not exist. Yahoo and iCloud refuse such mail.
msg-envelope-from-absent-fix = Give { $domain } a record, best an MX record that takes its bounces.

check-msg-return-path-deliverable = Author and return path can receive mail
check-msg-return-path-deliverable-about = Looks whether the domains of the From field and of the return path take mail. Receivers refuse mail that cannot be answered, above all where a null MX says so.
msg-deliverable = These domains take mail: { $domains }.
msg-deliverable-null = { $domain } says by a null MX that it takes no mail, and sends some. Receivers are right to refuse it.
msg-deliverable-nowhere = { $domain } has neither MX records nor addresses: answers and bounces have nowhere to go.
msg-deliverable-fix = Publish an MX record for { $domain } that names a host which takes its mail.

check-msg-ptr-helo-tls = The connection is in order
check-msg-ptr-helo-tls-about = Looks at the connection that brought the message: whether the address has a name that points back to it, whether the host introduced itself with a full name, and whether it used TLS. Gmail demands all of this from everybody.
msg-connection = { $ip } is { $name }, which points back to it.
msg-ptr-none = { $ip } has no name in the reverse DNS. Gmail refuses mail from such addresses.
msg-ptr-none-fix = Let whoever owns { $ip } (the hosting or access provider) publish a PTR record with the name of the mail host.
msg-ptr-unconfirmed = { $ip } has the name { $name }, but that name does not lead back to the address. Gmail refuses mail from such addresses.
msg-ptr-unconfirmed-fix = Publish the address { $ip } for { $name }, or have the PTR record changed to the name of the mail host.
msg-helo-bare-ip = The host introduced itself as { $helo }: an address has to stand in square brackets, and a name is better.
msg-helo-not-fqdn = The host introduced itself as { $helo }, which is no full domain name. Filters count that as a sign of a hijacked machine.
msg-helo-fix = Set the name under which the server introduces itself to its full host name, the one that its PTR record has.

check-msg-received-chain = The way of the message is plausible
check-msg-received-chain-about = Reads the Received fields from the bottom up: hosts, delays, clocks, encryption. Below the field of the receiving host they are only the sender's word.
msg-received = The message came through { $count } hosts without remarkable delay.
msg-received-none = The message has no Received field: a program handed it over directly.
msg-received-loop = The message has { $count } Received fields: it goes round in circles. Gmail refuses it.
msg-received-many = The message has { $count } Received fields. So many are mostly a loop.
msg-received-forged = A Received field that the message brought along claims to be written by { $host }, the receiving host. It is probably forged.
msg-received-clock = { $host } got the message { $seconds } seconds before the host that handed it over had it: a clock is wrong.
msg-received-slow = { $host } had the message { $minutes } minutes after the host before it. Look there for a queue, greylisting or a slow scanner.
msg-received-clear = The message travelled to { $host } over the Internet without TLS.
msg-received-private = The first hop shows the private address { $ip } of the author's network. That harms nothing, and tells strangers a little.

check-msg-from-count = There is exactly one author
check-msg-from-count-about = A message needs exactly one From field with one address. Otherwise different programs show different authors, DMARC has nothing to look at, and Gmail refuses the message.
msg-from-count = One From field with one address.
msg-from-missing = The message has no From field.
msg-from-nobody = The From field names nobody.
msg-from-addresses = The From field has { $count } addresses. Gmail refuses that, and DMARC does not say which of them counts.
msg-from-fields = The message has { $count } From fields. Each program shows another author; receivers refuse such messages.
msg-from-count-fix = Write one From field with one address; others belong into Reply-To or Cc.

check-msg-from-valid = The author's address is a real one
check-msg-from-valid-about = Reads the address of the From field: a full domain, no address literal, no mix of scripts that look alike, and no address of Gmail, Yahoo and the like that their providers did not send.
msg-from-valid = The author's address is well written.
msg-from-unreadable = The From field cannot be read: { $reason }.
msg-from-literal = The author is { $address }: an IP address in place of a domain cannot be verified.
msg-from-no-dot = The author's domain is { $domain }, which is no full domain name.
msg-from-mixed = The author's domain { $domain } ({ $shown }) mixes scripts whose letters look alike, as forgers do.
msg-from-spoof = The message says it is from { $domain }, but that provider did not send it. Gmail quarantines or refuses such messages.
msg-from-spoof-fix = Send from an address of your own domain, and put the other address into Reply-To.
msg-from-valid-fix = Write the From field as Name <local@domain>, with a domain that is yours.

check-msg-from-8bit = Fields are ASCII, or SMTPUTF8 was asked for
check-msg-from-8bit-about = Octets above ASCII in From, To, Cc, Reply-To or Subject are allowed only where the session uses SMTPUTF8. Otherwise they have to be encoded-words.
msg-8bit-fields = The fields are ASCII.
msg-8bit-fields-utf8 = The fields have UTF-8, and the session asked for SMTPUTF8.
msg-8bit-fields-raw = The field { $field } has octets above ASCII as they are. Many programs show garbage, and filters count it.
msg-8bit-fields-fix = Write such text as encoded-words (RFC 2047).

check-msg-encoded-word = Encoded-words are well made
check-msg-encoded-word-about = Looks at every encoded-word: at most 75 characters, a known charset, octets that can be decoded, and never inside an address, a Message-ID or a List field. Gmail refuses some of these faults.
msg-encoded-word = { $count } encoded-words, all well made.
msg-encoded-word-place = The field { $field } has an encoded-word, where none is allowed.
msg-encoded-word-address = The field { $field } has an encoded-word within an address. The address is useless.
msg-encoded-word-long = An encoded-word in { $field } has { $length } characters; 75 are allowed.
msg-encoded-word-charset = An encoded-word in { $field } names the charset { $charset }, which nobody knows.
msg-encoded-word-broken = An encoded-word in { $field } cannot be decoded.
msg-encoded-word-fix = Let a mail library write the fields; it splits and encodes text as RFC 2047 demands.

check-msg-single-headers = No field stands twice
check-msg-single-headers-about = RFC 5322 allows most fields once. Where Subject, To or Date stand twice, each program shows another one, which forgers use; Gmail refuses such messages.
msg-single = Every field that may stand once stands once.
msg-single-repeated = These fields stand more than once: { $fields }.
msg-single-fix = Look which program adds them a second time: mostly one sets fields that a library sets too.

check-msg-message-id = The message has a good Message-ID
check-msg-message-id-about = A Message-ID is an identifier in angle brackets with one @ and a domain of the sender behind it. Gmail refuses messages without a valid one, and slows down senders who repeat one.
msg-message-id = The Message-ID is well made.
msg-message-id-missing = The message has no Message-ID. Gmail refuses such messages.
msg-message-id-malformed = The Message-ID { $id } is not of the form <left@right>. Gmail refuses such messages.
msg-message-id-host = The Message-ID ends in { $host }, which is no host name of the sender: it may not be unique, and filters count it.
msg-message-id-fix = Give each message an identifier of its own, such as <random@{ $domain }>.

check-msg-date = The date is right
check-msg-date-about = Looks whether there is a Date in the form of RFC 5322, with a numeric zone, and whether it lies near the hour of reception. Dates in the future push a message to the top of mailboxes, as spam does.
msg-date = The date is right.
msg-date-missing = The message has no Date field.
msg-date-malformed = The date cannot be read: { $date }.
msg-date-future = The date lies { $hours } hours in the future. Yahoo defers such messages, and filters count it.
msg-date-past = The date lies { $hours } hours in the past: the message waited long, or a clock is wrong.
msg-date-zone = The zone of the date is { $zone }; numbers such as +0900 are understood by everybody.
msg-date-fix = Set the clock of the machine that writes the message, and let a mail library write the date.

check-msg-to = Recipients are named
check-msg-to-about = Looks whether To or Cc name somebody, and whether the recipient of the envelope is among them. Blind copies and lists are no fault; bulk mail to undisclosed recipients looks like spam.
msg-to = The recipient is named.
msg-to-missing = The message has neither To nor Cc.
msg-to-undisclosed = Bulk mail to undisclosed recipients looks like spam.
msg-to-dots = { $address } has dots where RFC 5321 allows none. Some old addresses of Japanese telephones are so; other receivers refuse them.
msg-to-other = { $recipient } got the message and is not named in it: a blind copy, a list, or a forward.
msg-to-fix = Send each recipient a message of their own, with their address in To.

check-msg-bcc = No Bcc field leaves
check-msg-bcc-about = The Bcc field names recipients who shall not be seen. It has to be taken out before the message is sent.
msg-bcc = There is no Bcc field.
msg-bcc-present = The message has a Bcc field: every recipient can read who else got it.
msg-bcc-fix = Take the Bcc field out before sending; the recipients belong into the envelope alone.

check-msg-subject = The subject is honest and readable
check-msg-subject-about = Looks whether there is a subject, whether it claims to be an answer without being one, shouts, holds a URL, or is longer than screens show.
msg-subject = The subject is in order.
msg-subject-missing = The message has no subject.
msg-subject-reply = The subject “{ $text }” looks like an answer, but the message answers nothing. Gmail's rules call that deceptive.
msg-subject-caps = The subject “{ $text }” is in capitals.
msg-subject-url = The subject “{ $text }” holds a URL.
msg-subject-long = The subject has { $count } characters; most screens show fewer.
msg-subject-fix = Write a subject that says in a few words what the message is about.

check-msg-display-name = The shown name belongs to the author
check-msg-display-name-about = Most programs show only the name beside the address. It may not show another address, the recipient's name, the subject, a count or a check mark: Gmail's rules forbid names that deceive.
msg-display-name = The name { $name } is in order.
msg-display-name-none = The author's address has no name beside it.
msg-display-name-address = The name { $name } shows an address of { $domain }, which is not the author's.
msg-display-name-recipient = The name { $name } is the recipient's, not the author's.
msg-display-name-counted = The name { $name } pretends to be a conversation with several messages.
msg-display-name-subject = The name { $name } is the subject, not a name.
msg-display-name-sign = The name { $name } has an emoji or a check mark, which looks like a mark of verification.
msg-display-name-fix = Use the name of the person or company that sends.

check-msg-reply-to = Answers go to the sender
check-msg-reply-to-about = Looks where answers go: to a free mailbox although the author has a domain, or back to the recipient, are signs of fraud that filters count.
msg-reply-to = Answers go to the author's organization.
msg-reply-to-none = There is no Reply-To; answers go to the author.
msg-reply-to-elsewhere = Answers go to { $domain }, another organization than the author's.
msg-reply-to-free = Answers go to a free mailbox at { $domain }, although the author has a domain of its own. Fraud looks like that.
msg-reply-to-recipient = Answers go to { $address }, which is the recipient.
msg-reply-to-unreadable = The Reply-To field cannot be read: { $reason }.
msg-reply-to-fix = Let answers go to an address of the author's domain.

check-msg-header-size = The header section is well formed
check-msg-header-size-about = Looks for lines of more than 998 octets, NUL octets, lines that are no field, and a header section that is too large. Servers cut or refuse such messages.
msg-header-size = The header section has { $octets } octets and is well formed.
msg-header-size-excess = The header section cannot be read: { $reason }.
msg-header-size-nul = The header section has NUL octets.
msg-header-size-line = A line of the header section is no field: it has no name and colon. What follows it may be read as the body.
msg-header-size-long = A line of the header section has more than { $limit } octets.
msg-header-size-large = The header section has { $octets } octets; Gmail and others refuse very large ones.
msg-header-size-fix = Let a mail library write and fold the fields.

check-msg-header-injection = Nobody smuggled fields in
check-msg-header-injection-about = Looks for line ends within fields, as encoded-words or written out (%0a), with a field behind them: so somebody tests whether a web form can be made to send mail to others.
msg-injection = No line ends are hidden in the fields.
msg-injection-found = The field { $field } hides a line end with another field behind it: somebody tries to use a form for spam.
msg-injection-fix = Refuse line ends in everything that people type into forms, before it becomes a field.

check-msg-line-length = Lines are short enough
check-msg-line-length-about = A line of the body may have 998 octets. Servers break longer ones, which breaks signatures and pictures, or refuse the message.
msg-line-length = No line is too long.
msg-line-length-over = Line { $line } of the body has more than { $limit } octets.
msg-line-length-wide = A line of the plain text has { $length } characters; 78 are what RFC 5322 recommends.
msg-line-length-fix = Send the part in quoted-printable or base64.

check-msg-eol = Lines end in CRLF
check-msg-eol-about = Looks for a CR or LF alone. Servers read such messages differently, which is used to smuggle mail; many refuse them.
msg-eol = All lines end in CRLF.
msg-eol-lf = A LF stands alone at octet { $octet }.
msg-eol-cr = A CR stands alone at octet { $octet }.
msg-eol-fix = Write CRLF at the end of every line.

check-msg-eightbit = Octets above ASCII are declared
check-msg-eightbit-about = A body with octets above ASCII needs 8BITMIME in the session, or a transfer encoding. Otherwise hosts on the way change it, and signatures break.
msg-eightbit-ascii = The body is ASCII.
msg-eightbit-declared = The body has octets above ASCII, and the session declared them.
msg-eightbit-unknown = The body has octets above ASCII; whether the session declared them is not known.
msg-eightbit-undeclared = The body has octets above ASCII, and the session did not declare them.
msg-eightbit-fix = Send text in quoted-printable or base64, or declare BODY=8BITMIME.

check-msg-mime-version = The message says that it is MIME
check-msg-mime-version-about = A message with Content-Type or another field of MIME has to have MIME-Version: 1.0; filters count it where it is missing.
msg-mime-version = The message has MIME-Version.
msg-mime-version-none = The message uses no MIME, and needs no MIME-Version.
msg-mime-version-missing = The message has { $field }, but no MIME-Version.
msg-mime-version-other = The message has the MIME-Version { $value }; there is none but 1.0.
msg-mime-version-fix = Add the field MIME-Version: 1.0.

check-msg-mime-structure = The parts are well put together
check-msg-mime-structure-about = Takes the message apart as declared: boundaries that are declared, used and closed, known encodings and charsets, text that is what it says. Programs guess where this is broken, each in its own way.
msg-mime = The message has { $count } parts, well put together.
msg-mime-deep = Parts lie { $depth } deep within each other, or there are too many of them.
msg-mime-type = The Content-Type { $value } is not of the form type/subtype.
msg-mime-encoding = The transfer encoding { $value } does not exist.
msg-mime-no-boundary = A part of the type { $kind } declares no boundary.
msg-mime-long-boundary = A boundary has { $length } characters; 70 are allowed.
msg-mime-unused-boundary = The boundary { $boundary } is declared and stands nowhere.
msg-mime-open = The boundary { $boundary } is not closed: the message was cut, or badly made.
msg-mime-encoded-multipart = A part of the type { $kind } is itself encoded in { $encoding }, which is not allowed.
msg-mime-base64 = A part of the type { $kind } says it is base64 and is not.
msg-mime-charset = The charset { $value } is not known.
msg-mime-not-utf8 = A part of the type { $kind } says it is UTF-8 and is not.
msg-mime-not-ascii = A text part says it is US-ASCII and is not.
msg-mime-no-charset = A part of the type { $kind } has more than ASCII and names no charset.
msg-mime-fix = Let a mail library put the message together.

check-msg-base64-text = Text is readable as it is
check-msg-base64-text-about = Plain ASCII text in base64 hides what stands there for no reason; some filters count it.
msg-base64-text = No text is encoded without need.
msg-base64-text-needless = A part of the type { $kind } is pure ASCII, and encoded in base64 without need.

check-msg-multipart = HTML comes with plain text
check-msg-multipart-about = A message in HTML should have its words in plain text too, for readers and filters that do without HTML. The effect on filters is small.
msg-multipart = HTML and plain text stand side by side.
msg-multipart-text = The message is plain text.
msg-multipart-html-only = The message has HTML without a plain text beside it.
msg-multipart-fix = Send multipart/alternative with the plain text before the HTML.

check-msg-text-html-parity = HTML and plain text say the same
check-msg-text-html-parity-about = Compares the words of the HTML with those of the plain text. Where they differ much, filters see a text for machines beside another for people.
msg-parity = { $percent }% of the words stand in both.
msg-parity-one = There is only one form of the text.
msg-parity-differ = Only { $percent }% of the words stand in both the HTML and the plain text.
msg-parity-fix = Make the plain text from the HTML, with all its words.

check-msg-attachments = Attachments are taken everywhere
check-msg-attachments-about = Looks for kinds of files that Gmail and Outlook refuse whatever is in them, names that disguise them, encrypted archives, and more than 25 MB.
msg-attachments = { $count } attachments, none of a kind that is refused.
msg-attachment-blocked = { $name } is a file of the kind .{ $ending }, which large receivers refuse.
msg-attachment-disguised = { $name } disguises what kind of file it is.
msg-attachment-large = The message has { $megabytes } MB; most receivers take 25.
msg-attachment-locked = { $name } is an encrypted archive, which filters cannot look into.
msg-attachment-fix = Put the file where it can be fetched, and send a link.

check-msg-size = The message is shown whole
check-msg-size-about = Gmail cuts messages whose HTML is longer than about 100 KB, and with the end goes the link for unsubscribing.
msg-size = The message has { $total } octets.
msg-size-near = The HTML has { $octets } octets; Gmail cuts at about { $limit }.
msg-size-cut = The HTML has { $octets } octets; Gmail cuts it at about { $limit }, and the end is not shown.
msg-size-fix = Shorten the HTML: styles that are repeated and comments mostly make it so long.

check-msg-auto-headers = Automatic mail says so
check-msg-auto-headers-about = Mail that programs send should carry Auto-Submitted: auto-generated, so that absence notices do not answer it; Precedence: bulk has no place in personal mail.
msg-auto = The fields fit the kind of message.
msg-auto-missing = { $local } sends automatically, but the message does not say so: absence notices will answer it.
msg-auto-precedence = The message says Precedence: bulk, but is no list mail.
msg-auto-fix = Add the field Auto-Submitted: auto-generated.
