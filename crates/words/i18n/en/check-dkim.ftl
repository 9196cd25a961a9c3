# The doctor, family `dkim`: DKIM key records.
check-dkim-selector-known = At least one DKIM key is known
check-dkim-selector-known-about = Looks for key records under the selectors that are known, those that the domain's providers use, and a few usual ones. Selectors cannot be listed, so that none was found means nothing, unless the DNS says that no name at all exists below `_domainkey`.
check-dkim-record-found = Every known selector has a key record
check-dkim-record-found-about = Asks for the key record of each known selector. Without it, no signature with this selector passes.
check-dkim-cname-dangling = No alias of a key leads to nothing
check-dkim-cname-dangling-about = Looks whether the name of a key is an alias for a name that no longer exists, as happens when a service is cancelled. Signatures fail, and whoever gets that other name can sign as the domain.
check-dkim-record-multiple = Each selector has one record
check-dkim-record-multiple-about = Counts the TXT records at the name of each key. With several, it is not defined which of them a receiver takes.
check-dkim-version = Key records begin with `v=DKIM1`
check-dkim-version-about = Looks at the version of each key record. It may be left out; another one, or one that does not stand first, makes receivers pass over the record.
check-dkim-syntax = Key records can be read
check-dkim-syntax-about = Reads each key record and the key in it, and tells the common slips: lost parts, quotation marks, the lines of a PEM file.
check-dkim-key-type = Keys are of the kind they say
check-dkim-key-type-about = Looks whether `k=` and the key agree. An Ed25519 key is published as its 32 octets alone.
check-dkim-revoked = No key in use is withdrawn
check-dkim-revoked-about = Looks for empty keys. That is how a key is withdrawn, and right for one that no longer signs.
check-dkim-key-size = Keys are long enough
check-dkim-key-size-about = Measures RSA keys. Below 1024 bits no signature counts, 2048 are recommended, and more than 4096 not every receiver can check.
check-dkim-hash = Keys may be used with SHA-256
check-dkim-hash-about = Looks whether `h=` of a key record leaves out sha256, the only hash that counts today.
check-dkim-service = Keys may sign e-mail
check-dkim-service-about = Looks whether `s=` of a key record leaves out e-mail.
check-dkim-testing = No key is in test mode
check-dkim-testing-about = Looks for `t=y`. Receivers must treat such signatures like others, but it says that the set-up was never finished.
check-dkim-strict-i = Identities of sub-domains are allowed
check-dkim-strict-i-about = Looks for `t=s`, with which signatures whose `i=` lies in a sub-domain of `d=` fail.
check-dkim-weak-exponent = RSA exponents are the usual ones
check-dkim-weak-exponent-about = Looks at the public exponent of RSA keys. An even one or 1 is no key at all, and one below 65537 makes some attacks easier.
check-dkim-roca = No key comes from a flawed chip
check-dkim-roca-about = Looks for the fingerprint of RSA keys that a certain chip library made (CVE-2017-15361): their private halves can be computed.
check-dkim-private-key-match = What is published fits the key that signs
check-dkim-private-key-match-about = Compares the published key with the private key that signs here. Where they differ, every signature fails.
check-dkim-rotation = Keys are not too old
check-dkim-rotation-about = Where a selector tells a date, looks how old the key is. Keys that are changed from time to time are worth less to a thief.
check-dkim-shared-key = Every selector has its own key
check-dkim-shared-key-about = Looks whether the same key is published under several selectors. Then a change of selector has changed nothing.
check-dkim-ed25519-only = There is an RSA key
check-dkim-ed25519-only-about = Looks whether all keys are Ed25519. Gmail, Outlook and Yahoo do not verify such signatures, so that an RSA signature has to stand beside them.
check-dkim-dkim2 = The keys serve for DKIM2 as well
check-dkim-dkim2-about = The drafts of DKIM2 use the key records of today. Nothing has to be done for it, and nothing is scored.
dkim-no-selector = No selector of { $domain } is known, so no key can be looked at.
dkim-sends-nothing = { $domain } sends no mail, so it needs no key.
dkim-withdrawn = Every name below `_domainkey` of { $domain } has a record that withdraws its key. For a domain that sends no mail that is right; one that signs has to publish the keys it uses.
dkim-selectors = DKIM key records of { $domain } that we know: { $count }.
dkim-selector-unknown = No DKIM key of { $domain } was found under { $tried } names that we tried. That does not mean that there is none: name the selector (`s=` in the DKIM-Signature field of a message from { $domain }), or send a message to the test inbox.
dkim-selector-none = Nothing exists below `_domainkey.{ $domain }`, so there is no DKIM key at all and nobody can verify a signature of { $domain }. Large receivers ask for one, and forwarded mail has nothing else to prove its author.
dkim-selector-fix = Make a key for { $domain } where its mail is sent, publish its record, and sign.
dkim-shared = { $domain } has the same key under the selectors { $one } and { $other }. Whoever wanted to change the key has changed its name alone.
dkim-shared-not = No two selectors of { $domain } have the same key.
dkim-no-usable = No key of { $domain } is known with which a signature could pass.
dkim-has-rsa = { $domain } has an RSA key, which every receiver can use.
dkim-ed25519-guessed = The only keys of { $domain } that we found by trying are Ed25519. There may be an RSA key under a selector that we do not know.
dkim-ed25519-only = All keys of { $domain } that sign are Ed25519. Gmail, Outlook and Yahoo cannot verify them, so for them the mail is not signed.
dkim-ed25519-only-fix = Make an RSA key of 2048 bits under a selector of its own, and sign every message with both keys.
dkim-dkim2 = The key records of { $domain } can stay as they are for DKIM2, which is a draft so far.
dkim-no-alias = { $name } is no alias.
dkim-alias = { $name } is an alias for { $target }, where a record stands.
dkim-dangling = { $name } is an alias for { $target }, and nothing stands there. Signatures with this selector fail, and whoever comes to own { $target } can sign in your name.
dkim-dangling-fix = If the service behind { $target } is no longer used, delete the alias { $name }. If it is, ask the service for the right name.
dkim-found = There is a key record at { $name }.
dkim-found-guessed = There is a key record at { $name }, which we found by trying.
dkim-not-a-key = The TXT record at { $name } has no `p=`, so it is no key.
dkim-publish-fix = Publish the key record at { $name }, or sign with a selector whose key is published.
dkim-one-record = { $name } has one TXT record.
dkim-several-records = { $name } has { $count } TXT records. Which of them a receiver takes is not defined, so signatures may pass here and fail there.
dkim-several-fix = Keep at { $name } the key that signs, and delete the others.
dkim-version = The version of the record at { $name } is right.
dkim-version-fix = Publish the record at { $name } with `v=DKIM1` in front.
dkim-syntax = The record at { $name } can be read.
dkim-syntax-fix = Publish the key at { $name } anew, in one piece and without anything around it.
dkim-type = The record at { $name } says that its key is { $type }, and it is.
dkim-not-revoked = The key at { $name } is not withdrawn.
dkim-revoked-in-use = We sign with this selector, and its key at { $name } is withdrawn: its `p=` is empty. Every signature fails.
dkim-size-ed25519 = The key at { $name } is an Ed25519 key of 256 bits, which is long enough.
dkim-size = The key at { $name } has { $bits } bits.
dkim-size-short = The key at { $name } has { $bits } bits. That is still accepted; 2048 are recommended, and keys of this length will not last.
dkim-size-long = The key at { $name } has { $bits } bits. Receivers have to be able to check up to { $most }, and some can check no more.
dkim-size-fix = Make a key of 2048 bits under a new selector, publish it, sign with it, and withdraw the one at { $name } a week later.
dkim-hash = The key at { $name } may be used with SHA-256.
dkim-tag-fix = Publish the record at { $name } as follows.
dkim-service = The key at { $name } may sign e-mail.
dkim-not-testing = The key at { $name } is not in test mode.
dkim-testing = The record at { $name } says `t=y`: the domain is only testing DKIM. Signatures count all the same, but some receivers give them less weight, and a set-up that works needs it no more.
dkim-not-strict = The record at { $name } allows identities in sub-domains.
dkim-strict = The record at { $name } says `t=s`: signatures pass only where `i=`, if there is one, lies in { $domain } itself. That is right as long as no signature names a sub-domain.
dkim-no-rsa = The key at { $name } is no RSA key.
dkim-exponent = The RSA exponent of the key at { $name } is a usual one.
dkim-exponent-small = The RSA exponent of the key at { $name } is below 65537. Signatures pass, but careless software can be fooled with such keys, and new ones should not have it.
dkim-exponent-broken = The RSA exponent of the key at { $name } is even or 1. No such key exists: the record is damaged, or somebody made it up.
dkim-new-key-fix = Make a new key under a new selector, publish it, sign with it, and withdraw the one at { $name } a week later.
dkim-roca-not = The key at { $name } does not have the fingerprint of the flawed chip library.
dkim-roca = The key at { $name } has the fingerprint of a flawed chip library (ROCA): its private half can be computed by others, who can then sign in your name.
dkim-not-ours = No key with the selector of { $name } signs here, so there is nothing to compare.
dkim-ours = The key at { $name } is the public half of the key that signs here.
dkim-ours-not = The key at { $name } is not the public half of the key that signs here with this selector. Every signature fails.
dkim-ours-fix = Publish the record of the key that signs at { $name }.
dkim-age-unknown = The selector of { $name } does not tell how old the key is.
dkim-age-fine = By its name, the key of the selector { $selector } is not a year old.
dkim-age = By its name, the key of the selector { $selector } is { $months } months old. Changing keys once a year is a good habit.
dkim-age-great = By its name, the key of the selector { $selector } is { $months } months old. It is time to change it.
