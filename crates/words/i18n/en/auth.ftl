### Verdicts and their steps.

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
dkim-body-added = The body begins with exactly what was signed. Lines that were added after it: { $lines }.
dkim-body-shorter = The signature covers { $length } octets of the body (`l=`), but only { $total } came: the end is missing.
dkim-body-length = The signature covers only the first { $length } of the { $total } octets of the body (`l=`). The last { $unsigned } are signed by nobody: anybody could have added them.
dkim-body-length-whole = The signature covers { $length } octets of the body (`l=`). That is all of it now, but anybody could add more and the signature would still pass: sign without `l=`.
dkim-header-match = The signature fits the header fields that it names ({ $count } names).
dkim-header-mismatch = The signature does not fit the header fields that it names ({ $fields }): one of them was changed, added or removed, or the key is not the one that signed.
dkim-header-added = Without the field `{ $field }: { $value }` the signature fits: this field was added after signing. The reader may be shown it as if it were signed.
dkim-subject-tagged = Without `{ $tag }` in the Subject the signature fits: a mailing list probably put it there. Lists that leave subject and body alone keep signatures whole.
dkim-header-other = With { $canonicalization } canonicalisation the signature would fit, although it declares { $declared }: the signing software does not do what it says.
dkim-field-unsigned = The message has { $present } { $field } fields, and the signature covers { $signed } of them, from below. The reader may be shown one that nobody signed.

## SPF

spf-domain-malformed = `{ $domain }` is not a domain name with at least two labels, so there is nothing that could have an SPF record.
spf-record-found = The domain publishes the record `{ $record }`.
spf-record-absent = None of the { $count } TXT records at { $domain } begins with `v=spf1`: the domain says nothing about who may send for it.
spf-record-void = { $domain } has no TXT record ({ $error }): the domain says nothing about who may send for it.
spf-record-multiple = { $domain } has { $count } records that begin with `v=spf1`. Receivers cannot choose between them, so none of them counts: join them into one.
spf-dns-error = Asking for { $name } failed ({ $error }), so the answer may be different later.
spf-name-invalid = `{ $name }` cannot be asked in the DNS (a label is empty or too long), so it counts as a name that does not exist.
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

## Reverse DNS

iprev-no-name = { $ip } has no name in the reverse DNS ({ $error }). Many receivers refuse mail from such addresses; whoever owns the address can publish a PTR record.
iprev-names = { $ip } is called { $names } in the reverse DNS.
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
dmarc-from-several = The message has { $count } From fields where one is allowed, so nobody can say which author people will be shown. Such a message cannot pass.
dmarc-from-unreadable = The author cannot be read ({ $reason }), so nobody can say which author people will be shown. Such a message cannot pass.
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

## Score

score-ptr-none = { $ip } has no name in the reverse DNS. Publish a PTR record for it; many receivers refuse mail from nameless addresses.
score-ptr-unconfirmed = { $ip } is called { $name }, but that name does not point back to it. Publish an A or AAAA record that does.
score-tls-none = The message came to { $host } in clear text. Offer STARTTLS as a client; large receivers demand it.
score-spf-fail = The SPF record of { $domain } forbids { $ip } to send. Add the address, or send from one that is listed.
score-spf-softfail = The SPF record of { $domain } does not list { $ip } (`~all`). Add the address.
score-spf-neutral = The SPF record of { $domain } says nothing about { $ip }. Add the address, and end the record with `-all` or `~all`.
score-spf-none = { $domain } has no SPF record, so nobody can tell who may send for it. Publish one.
score-spf-permerror = The SPF record of { $domain } has an error, so it protects nobody. Correct it.
score-dkim-none = No domain has signed the message. Sign outgoing mail with DKIM.
score-dkim-fail = None of the DKIM signatures passes ({ $count }), so they count for nothing.
score-dmarc-none = { $domain } publishes no DMARC policy. Begin with `v=DMARC1; p=none` and an address for reports.
score-dmarc-fail = Neither SPF nor DKIM speaks for { $domain }, the domain that the reader sees.
score-dmarc-permerror = The author of the message cannot be read without doubt.
score-field-missing = The { $field } field is missing; every message has one.
score-field-repeated = There are { $count } { $field } fields where there must be one, so readers may see different messages.
score-date-malformed = The date cannot be read: `{ $date }`
score-line-long = A line has more than { $limit } octets. Servers on the way may cut it, which breaks signatures.
score-open = { $method } could not be decided because the DNS failed. Nothing is taken for it; ask again later.
