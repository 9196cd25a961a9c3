# The doctor, family `dmarc`: DMARC records and how they are found.
check-dmarc-exists = A DMARC policy applies to the domain
check-dmarc-exists-about = Walks up from the domain as receivers do and looks for the DMARC record that applies. Gmail, Outlook, Yahoo and iCloud ask everybody for one who sends much.
check-dmarc-multiple = There is one DMARC record at each name
check-dmarc-multiple-about = Counts the DMARC records at the domain and above it. Several at one name are all discarded, as if there were none.
check-dmarc-version = The record begins with `v=DMARC1`
check-dmarc-version-about = Looks for TXT records that are meant as DMARC but begin otherwise: another case, another order, quotation marks. Receivers pass over them.
check-dmarc-location = The record stands at `_dmarc`
check-dmarc-location-about = Looks for DMARC records at names where nobody looks for them, and for SPF where DMARC belongs.
check-dmarc-unrelated-txt = Nothing else stands at `_dmarc`
check-dmarc-unrelated-txt-about = Looks for other TXT records at the name, as a wildcard brings them there. Most receivers pass over them, some stumble.
check-dmarc-syntax = Every tag can be read
check-dmarc-syntax-about = Reads the record by the grammar and tells what receivers ignore: tags that cannot be read, tags that stand twice, a missing `p`.
check-dmarc-bad-policy = The policies are policies
check-dmarc-bad-policy-about = Looks whether `p`, `sp` and `np` are none, quarantine or reject. With anything else the record counts as `p=none`, and without an address for reports it does not count at all.
check-dmarc-removed-tags = The record has no tags of the past
check-dmarc-removed-tags-about = Looks for `pct`, `rf` and `ri`, which RFC 9989 has taken out. Current receivers apply the policy to all mail, whatever `pct` says.
check-dmarc-t = The policy is applied as it stands
check-dmarc-t-about = Looks for `t=y`, with which receivers apply the next lower policy.
check-dmarc-p-order = `p` stands behind the version
check-dmarc-p-order-about = Looks at the place of `p`. Today any will do, but software written for RFC 7489 may insist on the second.
check-dmarc-policy-strength = The policy protects the domain
check-dmarc-policy-strength-about = Tells what the policy does and what comes next. No policy is wrong by itself: who begins observes first, and domains whose people write to mailing lists should not reject.
check-dmarc-sp-np = Sub-domains are protected as well
check-dmarc-sp-np-about = Tells which policies hold for sub-domains that exist and for those that do not, and where `sp` and `np` have no effect.
check-dmarc-reject-needs-dkim = `p=reject` does not rest on SPF alone
check-dmarc-reject-needs-dkim-about = Where the policy is reject, looks whether there is a DKIM key. SPF does not survive forwarding, so that honest mail would be refused.
check-dmarc-psd = The domain says rightly whose it is
check-dmarc-psd-about = Looks at `psd`: only registries say `psd=y`. Where a registry publishes a record without it, `psd=n` keeps a domain its own organization.
check-dmarc-parent-record-needed = Sub-domains belong to their organization
check-dmarc-parent-record-needed-about = Looks whether a sub-domain has a record while its organization has none. For current receivers it then stands alone, and signatures of the parent no longer count for it.
check-dmarc-org-domain = Old and new receivers find the same
check-dmarc-org-domain-about = Finds the organization and the policy by the tree walk of RFC 9989 and by the Public Suffix List of RFC 7489, and tells where they differ.
check-dmarc-deep-label = The tree walk reaches every level
check-dmarc-deep-label-about = Looks whether a domain has more than eight labels and no record of its own. The tree walk leaves out names in between.
check-dmarc-rua = Reports arrive somewhere
check-dmarc-rua-about = Reads the addresses for aggregate reports, and looks whether their domains take mail. Reports show who sends in the domain's name.
check-dmarc-ruf = Reports on single messages
check-dmarc-ruf-about = Tells whether reports on single messages are asked for. Few receivers send them, because they contain other people's mail.
check-dmarc-external-auth = Whoever gets reports has agreed
check-dmarc-external-auth-about = Where reports go to another organization, looks for the record with which it agrees. Without it no reports are sent.
check-dmarc-alignment-mode = Alignment suits the mail that is sent
check-dmarc-alignment-mode-about = Looks for strict alignment, and for known streams of mail that it breaks.
check-dmarc-simulate = Mail from every source is accepted
check-dmarc-simulate-about = Plays through what receivers make of mail from each source: SPF, DKIM, DMARC, the policy, and what each large provider is documented to do.
check-dmarc-single-point = Two methods vouch for the mail
check-dmarc-single-point-about = Looks whether DMARC passes by SPF and by DKIM. If only one of them vouches, forwarding or one slip is enough to lose it.
dmarc-published = { $domain } publishes a DMARC record.
dmarc-inherited = The DMARC record of { $from } applies to { $domain }.
dmarc-published-well = At { $domain } and above it, nothing is wrong with this.
dmarc-multiple-fix = Keep one record at { $name }, and delete the others.
dmarc-version-fix = Publish the record at { $name } so that it begins with `v=DMARC1;`.
dmarc-exists-nothing = { $domain } sends no mail and has no DMARC policy. A policy of reject keeps others from using its name.
dmarc-exists-nothing-fix = Publish a policy of reject for { $domain }.
dmarc-exists-fix = Publish a record for { $domain } that observes at first, and let a mailbox of yours receive the reports. It changes nothing for mail that is sent.
dmarc-elsewhere = There is a DMARC record at { $name }, where nobody looks for it: receivers ask for `_dmarc.{ $domain }`.
dmarc-elsewhere-too = There is a second DMARC record at { $name }, where nobody reads it. The one at `_dmarc.{ $domain }` counts.
dmarc-elsewhere-fix = Publish the record at `_dmarc.{ $domain }`, and delete it at { $name }.
dmarc-spf-here = There is an SPF record at { $name }, where nobody looks for it.
dmarc-spf-here-fix = Delete the SPF record at { $name }; it belongs to the domain itself.
dmarc-nowhere-else = No DMARC record of { $domain } stands where nobody looks.
dmarc-alone = No other TXT records stand at `_dmarc.{ $domain }`.
dmarc-unrelated = { $name } has other TXT records ({ $count }), perhaps by a wildcard. Receivers pass over them, but some software does not.
dmarc-unrelated-fix = Take the other TXT records away from { $name }.
dmarc-syntax = Every tag of the record at { $name } can be read.
dmarc-fix = Publish the record at { $name } as follows.
dmarc-policy-readable = The policies of the record at { $name } can be read.
dmarc-not-testing = The record at { $name } is not in test mode.
dmarc-testing-now = The record says `t=y`, so receivers apply { $lowered } in place of { $policy }. That is right while you look at reports.
dmarc-testing-fix = When the reports show that your mail passes, take `t=y` away.
dmarc-order = In the record at { $name }, `p` stands behind the version or is left out.
dmarc-order-other = In the record at { $name }, `p` does not stand right behind the version. Current receivers do not care; some older software does.
dmarc-no-removed = The record at { $name } has no tags that were taken out of DMARC.
dmarc-removed = These tags are no longer part of DMARC and have no effect: { $names }.
dmarc-percent = `pct={ $percent }` is no longer part of DMARC. Receivers of RFC 9989 apply the policy to all mail that fails, older ones to { $percent } % of it.
dmarc-percent-none = `pct=0` is no longer part of DMARC. Receivers of RFC 9989 apply the policy to all mail that fails; whoever is testing says `t=y`.
dmarc-monitoring = The policy for { $domain } is none: you observe who sends in its name, and nothing is refused. When the reports show that your own mail passes, quarantine is the next step; there is no hurry.
dmarc-rejecting = The policy for { $domain } is reject. If its people write to mailing lists, some of their mail will be refused: RFC 9989 advises such domains against it.
dmarc-enforced = The policy for { $domain } is { $policy }.
dmarc-below = Sub-domains of { $domain } follow the record of { $organizational }, their organization.
dmarc-sp-weaker = Sub-domains have a milder policy ({ $sp }) than the domain itself ({ $p }), so they are what a forger will use.
dmarc-np-absent = There is no `np`, so sub-domains of { $domain } that do not exist have the policy { $policy }. Nobody sends honest mail from them: `np=reject` harms nobody.
dmarc-sp-np = Sub-domains of { $domain } that exist have the policy { $existing }, those that do not { $absent }.
dmarc-not-reject = The policy for { $domain } is not reject, or it sends no mail.
dmarc-reject-dkim = The policy for { $domain } is reject, and it has a DKIM key.
dmarc-reject-unknown = The policy for { $domain } is reject, and we do not know its DKIM selectors. It must not rest on SPF alone.
dmarc-reject-no-dkim = The policy for { $domain } is reject, and there is no DKIM key with which a signature passes. Only SPF vouches for its mail, and that ends with every forwarding: honest mail is refused.
dmarc-reject-no-dkim-fix = Sign the mail of { $domain } with DKIM, or lower the policy until you do.
dmarc-psd = Nothing at { $domain } or above it is said wrongly about registries.
dmarc-psd-wrong = { $domain } says `psd=y`, that it is a registry, and it is none. Its own sub-domains count as strangers then, and their signatures do not align.
dmarc-psd-above = { $above } publishes a DMARC record without saying that it is a registry, so receivers take it for the organization of { $domain }, and its policy for yours.
dmarc-psd-above-fix = Publish `psd=n` in the record of { $domain }: it says that the organization begins here.
dmarc-parent = { $domain } needs no record above it, or has one.
dmarc-organization-open = The DNS did not answer at every level, so it is open to which organization { $domain } belongs.
dmarc-parent-needed = { $domain } is covered by a record at { $top }, and { $organization } has none. By the tree walk { $top } is an organization of its own: signatures and envelope addresses of { $organization } no longer count for its mail, although older receivers accept them.
dmarc-parent-fix = Publish a record for { $domain }. It may observe only; that it exists is enough.
dmarc-organization = Old and new receivers find the same for { $domain }; its organization is { $organization }.
dmarc-organization-nothing = There is no record at { $domain } or above it, so it makes no difference how receivers look for one.
dmarc-depth = { $domain } has { $labels } labels, and the tree walk finds every record that concerns it.
dmarc-depth-deep = { $domain } has { $labels } labels and no record of its own. The tree walk goes on with the last seven labels, and passes over records in between.
dmarc-depth-fix = Publish a record for { $domain } itself.
dmarc-rua = The record of { $domain } names { $count } addresses for reports, and their domains take mail.
dmarc-rua-absent = The record of { $domain } asks for no reports, so you cannot see who sends in its name.
dmarc-rua-dead = Reports are to go to { $domain }, which takes no mail: they are lost.
dmarc-rua-dead-fix = Name an address for reports at a domain that takes mail, or give { $domain } an MX record.
dmarc-rua-many = The record names { $count } addresses for reports. Receivers need only obey { $sure }.
dmarc-ruf-absent = { $domain } asks for no reports on single messages. Hardly anybody sends them.
dmarc-ruf = { $domain } asks for reports on single messages. Few receivers send them, and those that come may contain other people's mail: treat them with care.
dmarc-external-none = No report about { $domain } goes to another organization by mail.
dmarc-external = Reports about { $domain } are to go to { $host }, another organization, which has not agreed: there is no record at { $name }. Receivers send none there.
dmarc-external-fix = { $host } has to publish this record. If it offers to receive reports about { $domain }, it usually does so when you register there.
dmarc-external-long = The name of the record with which { $host } would agree is too long to exist.
dmarc-external-elsewhere = { $host } agrees to receive reports, but its record sends them on to `{ $uri }`, another host. Receivers ignore that.
dmarc-external-agreed = { $host } has agreed to receive reports about { $domain }.
dmarc-relaxed = Alignment for { $domain } is relaxed: every domain of the organization counts.
dmarc-strict = Alignment for { $domain } is strict: only the very same domain counts in signatures or in MAIL FROM. No stream that we know is broken by it.
dmarc-strict-breaks = Alignment for { $domain } is strict, and mail goes out with { $names } in MAIL FROM: SPF does not count for it.
dmarc-strict-fix = Take `aspf=s` out of the record for { $domain }, or use the domain itself in MAIL FROM.
dmarc-no-source = No address is known from which { $domain } sends, so nothing can be played through.
dmarc-simulated = Mail of { $domain } from { $ip } is accepted by every large provider, as far as SPF, DKIM and DMARC decide.
dmarc-simulated-open = What becomes of mail of { $domain } from { $ip } depends on its DKIM signature, and we do not know its selector.
dmarc-simulated-rejected = Mail of { $domain } from { $ip } is refused by: { $names }.
dmarc-simulated-junk = Mail of { $domain } from { $ip } goes among the spam at: { $names }.
dmarc-simulated-fix = Let SPF permit the address and sign with DKIM as { $domain }; the lines above show which of them is missing.
dmarc-fate-open = The DNS did not answer everything that is needed; receivers would put such mail off.
dmarc-fate-policy = Nothing that passes belongs to { $domain }, and its policy says what happens then.
dmarc-fate-unauthenticated = Neither SPF nor DKIM passes, so nobody vouches for the message.
dmarc-fate-bulk-spf = Who sends much needs SPF to pass.
dmarc-fate-bulk-dkim = Who sends much needs a DKIM signature that passes.
dmarc-fate-bulk-policy = Who sends much needs a DMARC record.
dmarc-fate-bulk-alignment = Who sends much needs SPF or DKIM to pass for the domain of From.
dmarc-both = Mail of { $domain } from { $ip } passes DMARC by SPF and by DKIM.
dmarc-only-spf-known = Mail of { $domain } from { $ip } passes DMARC by SPF. Whether DKIM vouches as well we cannot tell, because its selector is not known.
dmarc-only-spf = Mail of { $domain } from { $ip } passes DMARC by SPF alone. Forwarding breaks SPF, so that forwarded mail fails.
dmarc-only-spf-fix = Sign the mail of { $domain } with DKIM as well.
dmarc-only-dkim = Mail of { $domain } from { $ip } passes DMARC by DKIM alone. A mailing list or a slip with the key is enough to lose it.
dmarc-only-dkim-fix = Use { $domain } or a sub-domain of it in MAIL FROM, with an SPF record that permits the source.
dmarc-no-pass = Mail of { $domain } from { $ip } does not pass DMARC, or no policy applies: the other checks tell.
