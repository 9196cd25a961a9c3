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
