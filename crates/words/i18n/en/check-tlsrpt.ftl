# The doctor, family `tlsrpt`: records for reports about TLS (RFC 8460).
check-tlsrpt-record = Senders know whom to tell about TLS
check-tlsrpt-record-about = Looks for the record that asks senders for reports about TLS. Who demands TLS by MTA-STS or DANE learns from them when mail stays away.
check-tlsrpt-target = Reports about TLS arrive somewhere
check-tlsrpt-target-about = Looks whether the domains of the addresses for reports take mail, and whether web servers named there have addresses.
tlsrpt-record = { $domain } asks for reports about TLS.
tlsrpt-passed-over = Some addresses for reports are of no use to senders, who pass over them: { $uris }
tlsrpt-no-record = { $domain } has no readable record for reports about TLS.
tlsrpt-version = There is a record at { $name } that is meant to ask for reports about TLS, but it does not begin with `v=TLSRPTv1;`, so senders pass over it.
tlsrpt-fix = Publish the record at { $name } as follows.
tlsrpt-several = { $name } has { $count } records that ask for reports about TLS. Senders take none of them.
tlsrpt-several-fix = Keep one record at { $name }, and delete the others.
tlsrpt-field = `{ $field }` in the record at { $name } is not of the form name=value, so the record cannot be read.
tlsrpt-uri = `{ $uri }` in the record at { $name } is no address for reports: write `mailto:` or `https:` in front.
tlsrpt-no-rua = The record at { $name } names no address for reports (`rua=`).
tlsrpt-receives-nothing = { $domain } receives no mail, so there is nothing to report.
tlsrpt-absent = { $domain } asks for no reports about TLS. They show whether senders can encrypt; nothing depends on it.
tlsrpt-absent-demanded = { $domain } demands TLS by MTA-STS or DANE, and asks for no reports. When a certificate or a record is wrong, mail stays away and nobody tells you.
tlsrpt-target = The addresses for reports of { $domain } can be reached.
tlsrpt-dead = Reports about TLS are to go to { $host }, which takes none: it has no mail host, or no address.
tlsrpt-dead-fix = Name an address for reports that exists, or mend { $host }.
