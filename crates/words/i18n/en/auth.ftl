### Verdicts and their steps.

auth-steps-left-out = { $count } more steps were left out here when the verdict was put away: the records of this domain are unusually long.

## DKIM

dkim-none = The message has no DKIM-Signature field: no domain vouches for its content.
dkim-pass = { $domain } signed this message (selector { $selector }), and the signed fields and the body are exactly what was signed.
dkim-fail-body = The signature of { $domain } is genuine, but the body is not the one that was signed: somebody changed it on the way, for example a mailing list that added a footer.
dkim-fail-header = The body is the one that { $domain } signed, but the signature does not fit the signed header fields: one of them was changed on the way, or the signature was made with another key than the published one.
dkim-fail-both = Neither the body nor the header fields are what { $domain } signed, or the signature is not from { $domain } at all.
dkim-too-many-signatures = The message has { $found } signatures. The first { $limit } were looked at; the rest were ignored, because verifying costs work that a stranger must not be able to order without limit.
dkim-header-section = The header section cannot be read, so no signature can be verified: { $error }.
dkim-signature-found = { $domain } claims to have signed with selector { $selector }, { $algorithm }, canonicalisation { $header }/{ $body }. Signed fields: { $fields }.
dkim-tag-malformed = `{ $text }` is not of the form `name=value`, so the tag list cannot be read.
dkim-tag-duplicate = The tag `{ $tag }=` stands twice, so the tag list is not valid.
dkim-tag-too-many = The tag list has more than { $limit } tags.
dkim-tag-missing = The signature has no tag `{ $tag }=`, which every signature must have.
dkim-value-malformed = The value of `{ $tag }=` cannot be read: `{ $value }`.
dkim-version-unknown = The signature is of version `{ $version }`; only version 1 exists.
dkim-algorithm-historic = The signature uses rsa-sha1, which can be forged today. Such signatures count as failed: sign with rsa-sha256.
dkim-algorithm-unknown = The signature algorithm `{ $algorithm }` is not known; rsa-sha256 and ed25519-sha256 are.
dkim-canonicalization-unknown = The canonicalisation `{ $value }` is not known; `simple` and `relaxed` are.
dkim-query-unknown = The key can only be asked for by `{ $query }`, which is not known; `dns/txt` is.
dkim-from-not-signed = The signature does not cover the From field, so it says nothing about who wrote the message.
dkim-identity-outside = The identity of the signature lies in { $identity }, which is not { $domain } nor below it.
dkim-expiry-before-time = The signature expires ({ $expiry }) before it was made ({ $time }).
dkim-expired = The signature was good until { $expiry } and has expired.
dkim-not-expired = The signature is good until { $expiry }.
dkim-time-future = The signature was made in the future ({ $time }): a clock is wrong, theirs or ours.
dkim-key-none = There is no key at { $name } ({ $answer }). Publish the key there, or sign with a selector whose key is published.
dkim-key-unavailable = The key at { $name } could not be asked for ({ $error }). Trying again later may succeed.
dkim-key-alias = { $name } is an alias; the key stands at { $target }.
dkim-key-several = { $name } has { $count } TXT records where one is expected. Up to { $limit } were tried; other verifiers may take only one of them, so remove what is not the key.
dkim-key-found = { $name } has a key: { $type }, { $bits } bits.
dkim-key-testing = The domain says that it is only testing DKIM (`t=y`): a failure must not count against the message.
dkim-key-granularity = The key record says `g={ $value }`. By that the older DKIM let a key serve one local-part alone; verifiers ignore it now, so the key signs for the whole domain. Take the tag out of the record.
dkim-key-revoked = The key was withdrawn: its record has an empty `p=`.
dkim-key-type-mismatch = The key is of type { $found }, but the signature needs { $wanted }.
dkim-key-type-unknown = The key is of type `{ $type }`, which is not known.
dkim-key-hash-mismatch = The key may only be used with { $hashes }, and the signature uses sha256.
dkim-key-not-for-email = The key is not meant for e-mail: the `s=` of its record names other services.
dkim-key-identity-strict = The key may only sign for the domain itself (`t=s`): the identity { $identity } is not { $domain }.
dkim-key-version-unknown = The record at the key's name has the version `{ $version }`; a key record has `DKIM1`.
dkim-key-version-not-first = The `v=` of the key record does not stand first, so the record is not valid.
dkim-key-without-p = The record has no `p=`, thus no key.
dkim-key-not-base64 = The key in the record (`p=`) is not valid base64: often a part was lost, or a quotation mark came in, when it was published.
dkim-key-unreadable = The record says that its key is of type { $type }, but what it holds is no such key: often a part was lost when it was published.
dkim-key-weak = The key has { $bits } bits. Keys of less than { $least } bits can be broken, so no signature by them counts: make one of 2048 bits.
dkim-key-too-long = The key has { $bits } bits; more than { $most } are not supported.
dkim-body-match = The body has the hash that the signature claims ({ $canonicalization }): { $hash }.
dkim-body-mismatch = The body is not the one that was signed. The signature claims the hash { $claimed }; the body that came has { $computed } ({ $canonicalization }).
dkim-body-other = With { $canonicalization } canonicalisation the body has the hash that the signature claims, although it declares { $declared }: only white space or line ends differ.
dkim-body-shorter = The signature covers { $length } octets of the body (`l=`), but only { $total } came: the end is missing.
dkim-body-length = The signature covers only the first { $length } of the { $total } octets of the body (`l=`). The last { $unsigned } are signed by nobody: anybody could have added them.
dkim-body-length-whole = The signature covers { $length } octets of the body (`l=`). That is all of it now, but anybody could add more and the signature would still pass: sign without `l=`.
dkim-body-length-replaces = The message is of the type `{ $type }`: what was added after the signed part can hide it or take its place on the screen, so the reader need not see anything that was signed. Do not trust this signature for what is shown.
dkim-body-length-type-unsigned = Not even the Content-Type field is signed: whoever added to the body could also have made it HTML or a multipart, in which the signed part is no longer shown.
dkim-header-match = The signature fits the header fields that it names ({ $count } names).
dkim-header-mismatch = The signature does not fit the header fields that it names ({ $fields }): one of them was changed, added or removed, or the key is not the one that signed.
dkim-header-other = With { $canonicalization } canonicalisation the signature would fit, although it declares { $declared }: the signing software does not do what it says.
dkim-field-unsigned = The message has { $present } { $field } fields, and the signature covers { $signed } of them, from below. The reader may be shown one that nobody signed.
dkim-changed-body = The signature of { $domain } is genuine, but after signing { $body ->
        [footer] lines were added at the end of the body
        [banner] a notice was put at the top of the body
        [part-footer] text was added at the end of a part of the body
        [part-banner] a notice was put at the top of a part of the body
        [part-appended] parts were added to the body
        [wrapped] the body was wrapped into a multipart
        [white-space] white space of the body was changed
        [lines] the beginnings of lines were changed in the body
        [long-lines] long lines of the body were cut
        [line-ends] the line ends of the body were changed
        [encoding] the body was written in another transfer encoding
        [several] the body was changed in several ways
       *[unknown] the body was changed in a way that could not be undone
    }.
dkim-changed-header = { $header ->
        [form] The signature of { $domain } is genuine and nothing that people read has changed, but the form of header fields has: white space, folding or the case of names
        [genuine] The body is right and the key of { $domain } made the signature, but a signed header field was changed after signing
       *[changed] The signature of { $domain } is genuine, but signed header fields were changed after signing: { $fields }
    }.
dkim-changed-both = { $header ->
        [unknown] The body and perhaps the header fields are not those that { $domain } signed
       *[genuine] The signature of { $domain } is genuine, but the message was changed after signing
    }: { $body ->
        [footer] lines were added at the end of the body
        [banner] a notice was put at the top of the body
        [part-footer] text was added at the end of a part of the body
        [part-banner] a notice was put at the top of a part of the body
        [part-appended] parts were added to the body
        [wrapped] the body was wrapped into a multipart
        [white-space] white space of the body was changed
        [lines] the beginnings of lines were changed in the body
        [long-lines] long lines of the body were cut
        [line-ends] the line ends of the body were changed
        [encoding] the body was written in another transfer encoding
        [several] the body was changed in several ways
       *[unknown] the body was changed in a way that could not be undone
    }{ $header ->
        [changed] , and these signed header fields were changed: { $fields }
        [form] , and so was the form of header fields (white space, folding or the case of names)
        [genuine] , and a signed header field was changed too
       *[unknown] , and the signature does not fit the header fields either
    }.
dkim-fail-foreign = The published key of { $domain } did not make this signature: it was made with another key, or the signature itself was damaged or invented.
dkim-fail-other-hash = The key of { $domain } made this signature, but over another hash function than the one that `a=` names: the signing software is wrong.
dkim-body-added = Proven: without what stands at the end of the body from “{ $text }” on (lines: { $lines }), the body hash is right. A mailing list or a gateway has added a footer.
dkim-body-banner = Proven: without the notice at the top of the body, “{ $text }”, the body hash is right. A gateway put it there after signing.
dkim-body-part-added = Proven: without “{ $text }” and what follows it at the end of the { $part } part, the body hash is right. A mailing list or a gateway has added a footer inside of the message.
dkim-body-part-banner = Proven: without the notice at the top of the { $part } part, “{ $text }”, the body hash is right. A gateway put it there after signing.
dkim-body-part-appended = Proven: without the last part of the multipart, “{ $text }”, the body hash is right. A mailing list has added its footer as a part of its own.
dkim-body-wrapped = Proven: the signed body is the { $part } part of this message. A mailing list has put it into a new multipart, to add parts of its own beside it.
dkim-body-from-escaped = Proven: with `From ` in place of `>From ` at the beginning of lines, the body hash is right. A mailbox file on the way has escaped it: write such lines in quoted-printable.
dkim-body-dots-doubled = Proven: with one dot in place of two at the beginning of lines, the body hash is right. A program on the way did not undo the doubling of dots that SMTP demands (RFC 5321 section 4.5.2).
dkim-body-dots-halved = Proven: with a second dot before the dot at the beginning of lines, the body hash is right. The signer has hashed the doubled dots of SMTP, or a program on the way has undone a doubling that was none.
dkim-body-blank-ends = Proven: without the white space at the ends of lines, the body hash is right. It was added on the way; relaxed canonicalisation ignores it.
dkim-body-signature-blank = Proven: with a blank behind the `--` that begins the signature text, the body hash is right. A program on the way trims the ends of lines; relaxed canonicalisation ignores that.
dkim-body-tabs = Proven: with tabs in place of the blanks at the beginning of lines, the body hash is right. A program on the way has expanded them; relaxed canonicalisation ignores that.
dkim-body-long-lines = Proven: with the pieces of its very long lines put together again, the body hash is right. A relay has cut them, because SMTP allows lines of at most 998 octets (RFC 5321 section 4.5.3.1.6): send shorter lines, or quoted-printable or base64.
dkim-body-line-ends = Proven: with other line ends the body hash is right. The signer has hashed bare LF where the message travels with CRLF, or a program on the way has changed line ends: sign what is sent.
dkim-body-recoded = Proven: written in { $signed } instead of { $found }, the body has the hash that was signed. A relay or a list has changed the transfer encoding: send 7-bit text, quoted-printable or base64, which nobody needs to change.
dkim-header-genuine = Proven: the published key of { $domain } made this signature. The message has left { $domain } with it, and a signed header field was changed, added or removed later.
dkim-header-foreign = Proven: the key at selector { $selector } of { $domain } did not make this signature. Either the record holds another key than the one that signs (after a change of keys, or under the wrong selector), or `b=` was damaged, or somebody invented it.
dkim-header-other-hash = Proven: the key made this signature, but over a hash of another kind than SHA-256, which `a=` names. Look into the settings of the signing software.
dkim-header-added = Proven: without the field `{ $field }: { $value }` the signature fits. Somebody added it after signing.
dkim-subject-tagged = Proven: without `{ $tag }` in the Subject the signature fits. A mailing list or a filter put it there.
dkim-subject-tagged-recoded = Proven: without `{ $tag }` in the Subject, and with its encoded-words written as before, the signature fits. A mailing list or a filter put the tag there and wrote the Subject anew.
dkim-header-reordered = Proven: with the { $field } fields in the opposite order the signature fits. Something on the way has sorted them.
dkim-header-recased = Proven: with the name written `{ $field }` the signature fits. Something on the way has written it in another case; relaxed canonicalisation ignores that.
dkim-header-refolded = Proven: with header fields folded and spaced otherwise the signature fits. Something on the way has folded lines anew; relaxed canonicalisation ignores that.
dkim-header-copied = Proven: the signature carries a copy of the { $field } that was signed (`z=`), “{ $signed }”, and fits it. What came is “{ $came }”.
dkim-header-replaced = Proven: with the { $field } that still stands in { $source }, “{ $signed }”, the signature fits. What came is “{ $came }”: it was replaced on the way.
dkim-from-rewritten = Proven: with From “{ $signed }” the signature fits. What came is “{ $came }”: a mailing list has put its own address there, because DMARC would refuse the author’s.
dkim-header-address-added = Proven: without the address { $address } in { $field } the signature fits. A mailing list probably added it there, so that answers reach the author.
dkim-header-quoted = Proven: with { $field } written “{ $signed }” the signature fits. Something on the way has written the same names and addresses otherwise: “{ $came }”.
dkim-header-encoded-words = Proven: with { $field } written “{ $signed }” the signature fits. Something on the way has written the same text in other encoded-words: “{ $came }”.
dkim-header-parameters = Proven: with Content-Type written “{ $signed }” the signature fits. Something on the way has written it anew: “{ $came }”.
dkim-header-encoding = Proven: with Content-Transfer-Encoding `{ $signed }` the signature fits. What came is `{ $came }`: a relay or a list has written the body in another encoding.
dkim-header-wrapped = Proven: with the { $field } of the first part, “{ $signed }”, the signature fits. What came is “{ $came }”: the message was wrapped into a new multipart.
dkim-header-rewritten = Proven: with { $field } “{ $signed }” the signature fits. What came is “{ $came }”.
dkim-header-removed = Proven: with a field `{ $field }: { $signed }` the signature fits. It was taken out on the way.
dkim-possible-list = Possible, not proven: the message came through a mailing list (`{ $field }: { $value }`), and lists often change Subject, From, Reply-To and the body.
dkim-possible-links = Possible, not proven: links in the body lead to { $host }, a service that scanners put in place of the links that were written. What stood there before cannot be known.
dkim-possible-recoding = Possible, not proven: a relay says that it has converted the transfer encoding (X-MIME-Autoconverted: { $value }).
dkim-possible-filter = Possible, not proven: a filter has looked through the message (`{ $field }: { $value }`); some add a text of their own.
dkim-possible-charset = Possible, not proven: the body has replacement characters (U+FFFD), which stand where a program could not read letters: a conversion of the charset has damaged it.
dkim-possible-missing = Possible, not proven: the signature names header fields that the message does not have ({ $fields }). They may have been taken out on the way.
dkim-search-ended = Not everything that may explain the failure was tried: the work for one message is bounded.
dkim-survive-relaxed = What would have survived: a signature with relaxed/relaxed canonicalisation, which ignores these changes.
dkim-survive-length = What would have survived: a signature with `l=`, which covers only the beginning of the body. It is no remedy: then anybody can add whatever they like, and the reader takes it for signed.
dkim-survive-nothing = No choice of canonicalisation survives this: both forms cover the text that was changed. What helps is a list or gateway that leaves signed fields and the body alone, or that signs anew with its own domain and puts that domain into From.
dkim-survivor = What has survived: the signature of { $domains } passes. It covers the message as it is now.
dkim-survivor-arc = What has survived: in the ARC chain, which is whole, { $handler } says that it saw this signature pass before the change. That is worth as much as the trust in { $sealer }, which sealed last.
dkim-key-short = The key has { $bits } bits. That still counts, but it is short: make a new one of { $recommended } bits.
dkim-body-hash-length = Proven: the body hash in the signature (`bh=`) has { $found } octets, and a SHA-256 hash has { $wanted }: a part of the field was lost, or the signing software is wrong.
dkim-header-signature-length = Proven: the signature (`b=`) has { $found } octets, and one by the published key has { $wanted }: a part of the field was lost, or another key signed.
dkim-slip-private = The record seems to hold the PRIVATE key, which everybody can read now. Make a new key at once, publish its public half under another selector, and withdraw this one (`p=`).
dkim-slip-pem = The record holds the lines `-----BEGIN …-----` of a key file. Publish only the base64 between them, without line ends.
dkim-slip-other-record = A record of { $kind } stands at the name of the key. Its place is another name; publish the key record here.
dkim-slip-zone-line = The record holds a line of a zone file (name, `IN TXT` or parentheses). Publish only the text between the quotation marks, its pieces put together.
dkim-slip-backslash = The record holds backslashes. Some DNS providers want `;` as it is and keep the `\` of `\;`: publish the text without backslashes.
dkim-slip-quotes = The record holds quotation marks. They belong to the notation of zone files, not to the text: publish it without them.
dkim-slip-semicolon = Semicolons are missing between the tags: the record should read `v=DKIM1; k=rsa; p=…`.
dkim-slip-several-p = The key is spread over several `p=`. A record has one `p=`; only its text may be cut into several character-strings of at most 255 octets.
dkim-slip-base64url = The key is written in the alphabet of URLs, with `-` and `_`. Records use `+` and `/`.
dkim-slip-ed25519-info = The Ed25519 key is published with its frame (SubjectPublicKeyInfo, 44 octets). A DKIM record holds the 32 octets of the key alone, 44 characters of base64.
dkim-slip-ed25519-untyped = The key has 32 octets, as Ed25519 keys have, but the record does not say `k=ed25519`.
dkim-slip-ed25519-length = An Ed25519 key has 32 octets, and the record holds { $found }: a part of it is missing, or it is another kind of key.
dkim-slip-rsa-typed-ed25519 = The record says `k=ed25519` and holds an RSA key: publish it with `k=rsa`.
dkim-slip-truncated = The key is cut off: it has { $found } octets where { $wanted } are announced. Long records must be cut into character-strings of at most 255 octets, all of which have to be published.

## SPF

spf-domain-malformed = `{ $domain }` is not a domain name with at least two labels, so there is nothing that could have an SPF record.
spf-record-found = The domain publishes the record `{ $record }`.
spf-record-absent = None of the { $count } TXT records at { $domain } begins with `v=spf1`: the domain says nothing about who may send for it.
spf-record-void = { $domain } has no TXT record ({ $error }): the domain says nothing about who may send for it.
spf-record-multiple = { $domain } has { $count } records that begin with `v=spf1`. Receivers cannot choose between them, so none of them counts: join them into one.
spf-dns-error = Asking for { $name } failed ({ $error }), so the answer may be different later.
spf-name-invalid = `{ $name }` cannot be asked in the DNS (a label is empty or too long), so it counts as a name that does not exist.
spf-local-part-beyond-names = The local-part `{ $local_part }` has characters outside ASCII. No name in the DNS is made of those, so a term with `%{"{"}l{"}"}` or `%{"{"}s{"}"}` matches nothing.
spf-void = { $name } has no such record ({ $error }). Such empty answers count: only two are allowed in one evaluation.
spf-all = `all` matches every address.
spf-network-match = The address { $ip } is in { $network }.
spf-network-no-match = The address { $ip } is not in { $network }.
spf-network-other-family = { $network } is of the other address family than { $ip }, so it cannot match.
spf-include-pass = The record of { $target } lets the address pass, so this term matches.
spf-include-no-pass = The record of { $target } comes to { $result }; an include matches only on pass.
spf-include-error = The record of { $target } comes to { $result }, and an error inside an include is an error of the whole.
spf-include-none = { $target } has no SPF record; a record that includes it is broken. Remove the include, or publish the record.
spf-address-match = { $name } has an address that covers { $ip }: { $network }.
spf-address-no-match = The addresses of { $name } ({ $addresses }) do not cover { $ip }.
spf-mx-match = { $host }, an MX host of { $name }, has an address that covers { $ip }: { $network }.
spf-mx-no-match = The MX hosts of { $name } ({ $hosts }) have the addresses { $addresses }, which do not cover { $ip }.
spf-mx-limit = { $name } has { $count } MX hosts; SPF allows the addresses of { $limit } to be asked.
spf-ptr-void = { $ip } has no name in the reverse DNS ({ $error }).
spf-ptr-match = { $ip } is called { $name }, which points back to it and lies in { $target }.
spf-ptr-no-match = None of the names of { $ip } ({ $names }) both lies in { $target } and points back.
spf-exists-match = { $name } exists ({ $addresses }).
spf-lookup-limit = This is more than the { $limit } terms that may ask the DNS in one evaluation. Receivers stop here with an error: shorten the record.
spf-void-limit = This is more than the { $limit } empty answers that are allowed in one evaluation. Remove the terms whose names do not exist.
spf-redirect = Nothing has matched so far, so the record of { $target } decides: { $result }.
spf-redirect-none = Nothing has matched so far and { $target } should decide, but it has no SPF record. Publish it, or correct the redirect.
spf-default-neutral = No term of { $domain } matches and the record does not end in `all`: the domain neither vouches for the address nor disowns it.
spf-steps-cut = The records have more terms than are told: after { $limit } steps those that do not match are left out here. They count all the same.
spf-modifier-unknown = SPF has no modifier `{ $name }`, so it is ignored. If a mechanism was meant, a colon belongs after its name.
spf-explanation = The domain explains its refusal in its own words: “{ $text }”
spf-explanation-unusable = There is no usable explanation at { $name } (exactly one TXT record of well-formed ASCII is needed). The result stands without it.
spf-syntax-version = The record must begin with `v=spf1` and a space; it begins with `{ $term }`.
spf-syntax-character = Column { $column }: `{ $term }` holds a character that is not visible ASCII. An SPF record may hold nothing else.
spf-syntax-unknown-mechanism = Column { $column }: `{ $term }` is no mechanism. The mechanisms are all, include, a, mx, ptr, ip4, ip6 and exists.
spf-syntax-modifier-name = Column { $column }: `{ $term }` has an equals sign, but no name of a modifier before it.
spf-syntax-unexpected-argument = Column { $column }: `{ $term }` has an argument that this mechanism does not take.
spf-syntax-missing-argument = Column { $column }: `{ $term }` needs an argument, which is missing.
spf-syntax-domain-end = Column { $column }: the domain in `{ $term }` does not end in a top-level domain such as `.org`.
spf-syntax-address-as-domain = Column { $column }: `{ $term }` has an address where a domain name belongs. Write `ip4:` and the address.
spf-syntax-network = Column { $column }: `{ $term }` does not hold a complete, well-formed network address.
spf-syntax-prefix-length = Column { $column }: the prefix length in `{ $term }` is not a number that fits the address (at most 32 for IPv4, 128 for IPv6, no leading zero).
spf-syntax-macro = Column { $column }: `{ $term }` has a percent sign that begins no macro.
spf-syntax-macro-letter = Column { $column }: `{ $term }` uses a macro letter that is unknown or not allowed here.
spf-syntax-duplicate = Column { $column }: `{ $term }` stands here for the second time; a record may have one `redirect=` and one `exp=`.

## SPF, the survey of a record

spf-survey-temperror = The records of { $name } could not be asked for ({ $error }), so nothing can be said about them. A receiver that gets the same answer defers the mail.
spf-survey-temperror-term = `{ $term }` leads to { $name }, which could not be asked for ({ $error }). A receiver that gets the same answer defers the mail.
spf-survey-exists = { $domain } has no SPF record (other TXT records there: { $count }). Large receivers refuse mail, or put it aside, when neither SPF nor DKIM vouches for it.
spf-survey-multiple = { $domain } has { $count } SPF records. Receivers must not choose between them, so none of them counts and SPF ends in an error for all mail: publish one record in their place.
spf-survey-version = The text of { $domain } begins with `{ $version }` and not with `v=spf1` and a space, so no receiver takes it for an SPF record: the domain has none.
spf-survey-version-beside = Beside its SPF record { $domain } has a text that looks like another one but is not: `{ $text }`. Receivers ignore it; take it away before somebody corrects it and makes it a second record.
spf-survey-sender-id = { $domain } still has a record of Sender ID (`spf2.0`), which was given up and which nobody checks any more. It can be deleted.
spf-survey-wrong-location = There is an SPF record at { $name }, but receivers ask at { $domain } itself and find nothing there: `{ $record }`.
spf-survey-wrong-type = { $domain } has an SPF record of the type SPF (99) only. Receivers ask for TXT and find nothing: publish it as TXT: `{ $record }`.
spf-survey-type99 = { $domain } has records of the type SPF (99), which was given up: nobody asks for it, and it can only come to differ from the TXT record. Delete it.
spf-survey-nonsending = { $domain } lets nobody send mail, which is right for a domain that sends none. These records say the same to receivers that look at DKIM, DMARC and MX.
spf-survey-string-split = The character-strings of the record of { $domain } are joined without a space, which makes `{ $term }` of two terms. Begin the second string with a space.
spf-survey-glued = Column { $column }: in `{ $term }` a space seems to be missing. It reads as one term with a strange name, so what was meant by the rest has no effect.
spf-survey-second-version = Column { $column }: `{ $term }` stands in the middle of the record, as if two records had been pasted together. It has no effect there; take it away.
spf-survey-modifier-near = Column { $column }: `{ $term }` reads as a modifier that SPF does not have, so it is ignored. Another term seems to be meant.
spf-survey-mapped = Column { $column }: `{ $term }` never matches, because a client with an IPv4-mapped address counts as an IPv4 client. Write the IPv4 address.
spf-survey-final-dot = Column { $column }: the domain in `{ $term }` ends in a dot. That is allowed, but not needed, and some software stumbles over it.
spf-survey-length = The record of { $domain } has { $octets } octets. Above { $limit }, the answer does not fit into a classic DNS packet, and some receivers may not get it: shorten it.
spf-survey-length-near = The record of { $domain } has { $octets } octets. Together with other TXT records the answer may become larger than the { $limit } octets of a classic DNS packet.
spf-survey-lookups-over = Evaluating the record of { $domain } takes { $count } terms that ask the DNS, and { $limit } are allowed. Mail from every address that is not found before ends in an error at `{ $term }` in the record of { $place }, reached by `{ $under }`. Remove what is no longer used, or send some of the mail from a subdomain.
spf-survey-lookups-open = Evaluating the record of { $domain } takes more than { $least } terms that ask the DNS, and { $limit } are allowed; the survey stopped counting. Mail from every address that is not found before ends in an error at `{ $term }` in the record of { $place }, reached by `{ $under }`.
spf-survey-incomplete = Not everything that the record of { $domain } leads to was asked for, because it leads to too much or too many questions failed. At least { $count } of { $limit } allowed terms ask the DNS.
spf-survey-lookups-near = Evaluating the record of { $domain } takes { $count } of the { $limit } terms that may ask the DNS. A provider that adds one include to its own record can make it too many.
spf-survey-lookups-told = Evaluating the record of { $domain } takes { $count } of the { $limit } terms that may ask the DNS. There is little room for another provider.
spf-survey-void-over = Names that the record of { $domain } asks for and that do not exist or are empty: { $count }, where { $limit } are allowed. Mail from addresses that are not found before ends in an error. Remove: { $names }
spf-survey-void = Names that the record of { $domain } asks for and that do not exist or are empty: { $count }. { $limit } are allowed, and some receivers stop at the second. Remove: { $names }
spf-survey-void-ipv6 = For clients with an IPv6 address, { $count } of the names that the record of { $domain } asks for have no such address. { $limit } such empty answers are allowed, so mail over IPv6 that is not matched before ends in an error. Put the `ip6:` terms first, or write addresses in place of: { $names }
spf-survey-include-missing = { $target } has no SPF record, and a record that includes it ends in an error for everything that is not matched before. Was a service cancelled? Then remove the include.
spf-survey-include-vendor = { $target } ({ $vendor }) has no SPF record, and a record that includes it ends in an error for everything that is not matched before. If the service was cancelled, remove the include; else ask the provider which name to include.
spf-survey-target-multiple = { $target } has { $count } SPF records, so it counts as broken, and so does every record that leads to it.
spf-survey-target-syntax = The record of { $target } cannot be read (column { $column }: `{ $term }`), so it counts as broken, and so does every record that leads to it. Whoever runs { $target } must correct it.
spf-survey-loop = `{ $term }` closes a circle: { $path }. An evaluation goes round until it has used up its lookups, and ends in an error.
spf-survey-redirect-missing = { $target } should decide, but it has no SPF record, so everything that is not matched before ends in an error. Publish a record there, or remove the redirect.
spf-survey-redirect-ignored = `{ $term }` is ignored, because the record has an `all`: remove one of the two, whichever was not meant.
spf-survey-ptr-count = { $ip } has { $count } names in the reverse DNS. SPF looks at { $limit } of them, in no certain order, so `ptr` may match today and not tomorrow.
spf-survey-ptr = `{ $term }` in the record of { $domain } is slow and unreliable, and should not be published any more. Write the addresses, or `a:` with the name of the host.
spf-survey-all-plus = `{ $term }` in the record of { $domain } lets the whole Internet send in its name. Receivers take such a record for that of a spammer.
spf-survey-all-neutral = `{ $term }` in the record of { $domain } says nothing about those who are not named: the record protects nobody. Write `~all`, or `-all`.
spf-survey-all-missing = The record of { $domain } ends without `all` and without `redirect=`, so it says nothing about addresses that it does not name. End it with `~all` or `-all`.
spf-survey-after-all = Nobody comes to what stands behind `{ $all }`: { $terms }. These addresses do not pass. Move `{ $all }` to the end.
spf-survey-qualifier-fail = `{ $term }` is right, and strict: some receivers refuse forwarded mail by it before they have looked at DKIM and DMARC. For a domain that sends mail and has DMARC, `~all` protects as well.
spf-survey-qualifier-nobody = The record of { $domain } names nobody who may send. For a domain that sends no mail, `-all` says so clearly.
spf-survey-macro-helo = `{ $term }` depends on the name that the client gives in HELO: whoever sends can choose it.
spf-survey-macro-ptr = `{ $term }` depends on the reverse DNS of the client, as `ptr` does: it is slow, unreliable, and should not be published any more.
spf-survey-macro-open = What `{ $term }` asks for depends on who sends, so no survey can tell what it finds. It costs one lookup.
spf-survey-wide-range = `{ $term }` in the record of { $domain } names all of { $network }, which is more than one sender has. Gmail defers or refuses mail for such entries.
spf-survey-wide-union = The networks in the records of { $domain } come to { $count } IPv4 addresses together; more than { $limit } look as if the record named strangers.
spf-survey-private = `{ $term }` names addresses from which nothing can come over the Internet. It has no use for other receivers, and some count it as suspicious.
spf-survey-redundant = `{ $term }` adds nothing to `{ $by }`, which stands before it. Without it the record is shorter (lookups saved: { $count }).
spf-survey-repeated = `{ $term }`: the record of { $target } is included a second time, and its lookups ({ $count }) are paid again. Remove one of the two.
spf-survey-exp = There is no usable explanation at { $name }: exactly one TXT record of well-formed ASCII is needed, and there are { $count }. Results are not affected.

## Reverse DNS

iprev-no-name = { $ip } has no name in the reverse DNS ({ $error }). Many receivers refuse mail from such addresses; whoever owns the address can publish a PTR record.
iprev-names = { $ip } is called { $names } in the reverse DNS.
iprev-limit = The address has { $count } names; the first { $limit } are looked at, because a stranger must not be able to order work without limit.
iprev-confirmed = { $name } points back to { $ip }: the name is confirmed.
iprev-other-address = { $name } does not point back to { $ip }; its addresses are { $addresses }.
iprev-no-address = { $name } has no address of this family ({ $error }), so it does not point back to { $ip }.
iprev-dns-error = Asking for { $name } failed ({ $error }), so the answer may be different later.

## DMARC

dmarc-record-found = The record is `{ $record }`.
dmarc-record-multiple = { $domain } publishes { $count } DMARC records. Receivers discard all of them: keep one.
dmarc-record-other = { $domain } has { $count } TXT records here, but none begins with `v=DMARC1` exactly.
dmarc-near-leading-blank = { $domain } has a TXT record here that is meant as a DMARC record, but a blank stands before `v=DMARC1`, so receivers pass over it. Remove the blank.
dmarc-near-quoted = { $domain } has a TXT record here that is meant as a DMARC record, but quotation marks are part of its text, so receivers pass over it. Publish it without them.
dmarc-near-words = { $domain } has a TXT record here that is meant as a DMARC record, but words of a zone file such as `TXT` stand before `v=DMARC1`, so receivers pass over it. Publish it without them.
dmarc-near-version = { $domain } has a TXT record here that is meant as a DMARC record, but its version is not exactly `DMARC1`, in capitals and without blanks, so receivers pass over it.
dmarc-near-separator = { $domain } has a TXT record here that is meant as a DMARC record, but no semicolon stands after `v=DMARC1`, so receivers pass over it.
dmarc-near-not-first = { $domain } has a TXT record here that is meant as a DMARC record, but `v=DMARC1` is not its first tag, so receivers pass over it. Move it to the front.
dmarc-near-no-version = { $domain } has a TXT record here that looks like a DMARC record without its version, so receivers pass over it. Put `v=DMARC1;` in front.
dmarc-record-absent = { $domain } publishes no DMARC record ({ $error }).
dmarc-dns-error = Asking for the DMARC record of { $domain } failed ({ $error }), so the answer may be different later.
dmarc-organizational-domain = The Organizational Domain of { $domain } is { $organizational }.
dmarc-no-record = Neither { $domain } nor a domain above it publishes a DMARC record that applies.
dmarc-tag-unknown = `{ $name }` is not a tag of DMARC, so it is ignored.
dmarc-tag-removed = `{ $name }` is no longer part of DMARC; current receivers ignore it. Remove it (instead of `pct=0`, write `t=y`).
dmarc-tag-invalid = `{ $value }` is not a value that `{ $name }` can have, so the tag is ignored.
dmarc-tag-repeated = `{ $name }` stands more than once in the record, so none of its values is believed.
dmarc-tag-not-uri = `{ $value }` in `{ $name }` is not an address that reports can go to, so it is passed over. An address is written `mailto:reports@example.org`.
dmarc-tag-size-limit = The size limit in `{ $value }` is no longer part of DMARC: reports go to the address all the same. Remove what follows the exclamation mark.
dmarc-tag-without-ruf = `fo={ $value }` says when reports on single messages are wanted, but there is no `ruf` that says where to send them, so it is ignored.
dmarc-tag-without-effect = `{ $name }` has no effect here: subdomains of { $domain } follow the record of { $organizational }, their Organizational Domain.
dmarc-policy = The policy for { $domain } comes from `{ $tag }`: { $policy }.
dmarc-policy-missing = The record has no `p`, so the policy for { $domain } is none. Older receivers ignore such a record altogether: write `p=none` if that is meant.
dmarc-policy-unusable = The record at { $domain } has a policy that cannot be read and no address for reports, so DMARC is not applied at all. Correct the policy.
dmarc-policy-replaced = The record at { $domain } has a policy that cannot be read; because it asks for reports, it counts as `p=none`. Correct the policy.
dmarc-testing = The domain is testing (`t=y`), so { $lowered } is applied instead of { $policy }.
dmarc-exists = { $domain } exists in the DNS, so the policy for existing subdomains applies.
dmarc-exists-not = { $domain } does not exist in the DNS, so the policy for non-existent subdomains applies.
dmarc-existence-unknown = Whether { $domain } exists could not be found out ({ $error }), so it is open which policy applies.
dmarc-no-author = The message has no From field with a domain, so there is nothing that DMARC could protect.
dmarc-from-missing = The message has no From field, so it names no author.
dmarc-from-several = The message has { $count } From fields where one is allowed, so nobody can say which author people will be shown.
dmarc-from-unreadable = The author cannot be read ({ $reason }), so nobody can say which author people will be shown.
dmarc-from-in-doubt = Nobody can say who the author is, so the message cannot pass.
dmarc-from-nobody = The From field holds no address: an empty list or an empty group.
dmarc-from-literal = The author { $address } has an IP address in place of a domain. DMARC cannot protect it.
dmarc-from-name-imitates = The name beside the author's address shows { $shown }, but the address belongs to { $domain }. Many programs show the name alone, and DMARC says nothing about it.
dmarc-several-authors = The From field names several domains, of which { $count } are checked. The message passes only when all of them do, and the strictest policy among those that fail applies.
dmarc-too-many-authors = The From field names more than { $limit } domains. The others are not checked, so the message cannot pass.
dmarc-identifier-not-pass = The { $method } result for { $domain } is { $result }; only a pass can speak for the author.
dmarc-identifier-open = { $method } for { $domain } could not be decided because the DNS failed. A pass would have counted, so the message can neither pass nor fail now.
dmarc-aligned-same = { $domain } is the Author Domain itself.
dmarc-aligned-relaxed = { $domain } and { $author } belong to the same Organizational Domain, { $organizational }.
dmarc-not-aligned-strict = { $domain } is not { $author }, and the record demands that they are the same.
dmarc-not-aligned-elsewhere = { $domain } lies outside { $organizational }, the Organizational Domain of { $author }: it speaks for somebody else.
dmarc-not-aligned-relaxed = The Organizational Domain of { $domain } is { $found }, that of { $author } is { $organizational }: it speaks for somebody else.
dmarc-alignment-open = A query failed, so it is open whether { $domain } and { $author } belong together.
dmarc-temperror = A failure of the DNS leaves open whether a message from { $domain } passes; trying again later may decide it.
dmarc-not-applied = DMARC does not apply to { $domain }: its owner asks for nothing.
dmarc-pass = A domain that belongs to { $domain } vouches for the message.
dmarc-fail = Nothing that passed belongs to { $domain }. Its owner asks for: { $policy }.
dmarc-differs-result = Receivers that still go by the Public Suffix List come to { $theirs } where current ones come to { $ours }.
dmarc-differs-organizational-domain = By the tree walk the Organizational Domain of { $domain } is { $ours }; by the Public Suffix List it is { $theirs }. Which other domains can vouch for its mail depends on the receiver.
dmarc-differs-record = For { $domain } current receivers take the record of { $ours }, older ones that of { $theirs }.
dmarc-differs-only-ours = Only current receivers find a record for { $domain }, that of { $ours }. Older ones look no further than the domain itself and its Organizational Domain, stop where the first has several records, and apply no policy.
dmarc-differs-policy = Current receivers apply { $ours } to { $domain }, older ones { $theirs }.
dmarc-differs-unreadable-theirs = Older receivers refuse the record for { $domain }, because they insist on `p`. Write it out, also where it is `p=none`.
dmarc-differs-unreadable-ours = Current receivers do not apply the record for { $domain }, because one of its policies cannot be read; older ones, which know fewer tags, do.
dmarc-differs-percent = Older receivers obey `pct={ $percent }` and apply the policy to { $percent } % of the failing messages, the next lower one to the others. Current receivers apply it to all.

## ARC

arc-none = The message brings no ARC seals: no handler on its way vouches for what it looked like before.
arc-pass = All seals of the chain are genuine ({ $count }); the newest was made by { $domain }. What the sealers claim is worth as much as your trust in them.
arc-set-found = { $domain } sealed the message as number { $instance } and says it had found: { $results }
arc-signature-pass = The message is as { $domain } sent it on with seal { $instance }.
arc-signature-body = The body is not what { $domain } signed with seal { $instance }.
arc-signature-header = The header fields that { $domain } signed with seal { $instance } have changed ({ $fields }), or another key made the signature.
arc-signature-covers-seal = An ARC-Message-Signature covers ARC-Seal fields, which it must not.
arc-seal-pass = Seal { $instance } was made by { $domain } over the sets up to its own.
arc-seal-fail = Seal { $instance } does not fit the sets that it covers: one of them was changed, or the key of { $domain } is not the one it was made with.
arc-changed-since = Seal { $next } is the first for which the message is as it was signed; what { $domain } signed with seal { $instance } was changed afterwards, as mailing lists do.
arc-too-many = The message has more ARC fields than a chain of { $limit } sets can have.
arc-field-repeated = There is more than one { $field } with the instance { $instance }; a set has each field once.
arc-field-missing = The set { $instance } has no { $field }; a chain with a gap proves nothing.
arc-results-without-instance = An ARC-Authentication-Results field does not begin with its instance such as `i=1;`: `{ $text }`
arc-seal-with-h = An ARC-Seal has the tag `h=`, which it must not have: what it covers is fixed.
arc-cv-wrong = Seal { $instance } says `cv={ $said }`, where only `cv={ $wanted }` is possible in a whole chain.
arc-sealed-as-failed = { $domain } found the chain broken when it made seal { $instance } (`cv=fail`); nobody can mend it afterwards.

## DANE
auth-dane-unusable-pkix = The TLSA record { $record } has a certificate usage that mail cannot use (PKIX-TA or PKIX-EE): sender and receiver share no list of authorities. Publish a DANE-EE record (3 1 1) instead.
auth-dane-unusable-unknown = The TLSA record { $record } has a usage, selector or matching type without a meaning, so it is passed over.
auth-dane-unusable-data = The data of the TLSA record { $record } has not the length of such a digest, so no certificate can fit it.
auth-dane-unusable-weaker = The TLSA record { $record } does not count, because a stronger digest of the same kind stands beside it.
auth-dane-unusable-many = There are more than { $limit } TLSA records; the others are not looked at.
