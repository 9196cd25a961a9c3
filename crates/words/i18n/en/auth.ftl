### auth

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
dmarc-record-absent = { $domain } publishes no DMARC record ({ $error }).
dmarc-dns-error = Asking for the DMARC record of { $domain } failed ({ $error }), so the answer may be different later.
dmarc-organizational-domain = The Organizational Domain of { $domain } is { $organizational }.
dmarc-no-record = Neither { $domain } nor a domain above it publishes a DMARC record that applies.
dmarc-tag-unknown = `{ $name }` is not a tag of DMARC, so it is ignored.
dmarc-tag-removed = `{ $name }` is no longer part of DMARC; current receivers ignore it. Remove it (instead of `pct=0`, write `t=y`).
dmarc-tag-invalid = `{ $value }` is not a value that `{ $name }` can have, so the tag is ignored.
dmarc-tag-repeated = `{ $name }` stands more than once in the record, so none of its values is believed.
dmarc-policy = The policy for { $domain } comes from `{ $tag }`: { $policy }.
dmarc-policy-missing = The record has no `p`, so the policy for { $domain } is none. Older receivers ignore such a record altogether: write `p=none` if that is meant.
dmarc-policy-unusable = The record at { $domain } has a policy that cannot be read and no address for reports, so DMARC is not applied at all. Correct the policy.
dmarc-policy-replaced = The record at { $domain } has a policy that cannot be read; because it asks for reports, it counts as `p=none`. Correct the policy.
dmarc-testing = The domain is testing (`t=y`), so { $lowered } is applied instead of { $policy }.
dmarc-exists = { $domain } exists in the DNS, so the policy for existing subdomains applies.
dmarc-exists-not = { $domain } does not exist in the DNS, so the policy for non-existent subdomains applies.
dmarc-existence-unknown = Whether { $domain } exists could not be found out ({ $error }), so it is open which policy applies.
dmarc-no-author = The message has no From field with a domain, so there is nothing that DMARC could protect.
dmarc-from-malformed = The message has several From fields, or one that cannot be read, so nobody can say which author people will be shown. Such a message cannot pass.
dmarc-several-authors = The From field names { $count } domains. Each is checked; the message passes only when all of them do, and the strictest policy among those that fail applies.
dmarc-too-many-authors = The From field names { $count } domains; only { $limit } are checked, so the message cannot pass.
dmarc-identifier-not-pass = The { $method } result for { $domain } is { $result }; only a pass can speak for the author.
dmarc-aligned-same = { $domain } is the Author Domain itself.
dmarc-aligned-relaxed = { $domain } and { $author } belong to the same Organizational Domain, { $organizational }.
dmarc-not-aligned-strict = { $domain } is not { $author }, and the record demands that they are the same.
dmarc-not-aligned-elsewhere = { $domain } lies outside { $organizational }, the Organizational Domain of { $author }: it passed, but it speaks for somebody else.
dmarc-not-aligned-relaxed = The Organizational Domain of { $domain } is { $found }, that of { $author } is { $organizational }: it passed, but it speaks for somebody else.
dmarc-alignment-open = A query failed, so it is open whether { $domain } and { $author } belong together.
dmarc-temperror = A failure of the DNS leaves open whether a message from { $domain } passes; trying again later may decide it.
dmarc-not-applied = DMARC does not apply to { $domain }: its owner asks for nothing.
dmarc-pass = A domain that belongs to { $domain } vouches for the message.
dmarc-fail = Nothing that passed belongs to { $domain }. Its owner asks for: { $policy }.
