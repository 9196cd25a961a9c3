### What is told of sending: how hosts were found, what went wrong with them.

## Finding the hosts
outbound-route-direct = The route "{ $route }" of the configuration sends this mail to the hosts of the recipient's domain.
outbound-route-always = The route "{ $route }" of the configuration sends this mail through a smarthost and never to the recipient's own hosts: { $relays }.
outbound-route-relay-first = The route "{ $route }" of the configuration sends this mail through a smarthost ({ $relays }), and to the recipient's own hosts where that does not work.
outbound-route-direct-first = The route "{ $route }" of the configuration sends this mail to the recipient's own hosts, and through a smarthost ({ $relays }) where that does not work.
outbound-route-development = DEVELOPMENT: the route "{ $route }" of the configuration hands every message to { $host }, port { $port }, whoever its recipients are. They get nothing.
outbound-route-overflow = The source { $source } is becoming known, and on day { $day } of its plan { $place } gets { $allowance } messages from it, which have gone. So this mail goes through the smarthost "{ $relay }".
outbound-route-smarthost = The mail is handed to the smarthost "{ $relay }" ({ $host }, port { $port }), whose MX records are not asked for.

## From one way to another
outbound-turn-smarthost = That belongs to the way we took, not to the recipient or the message: the smarthost "{ $relay }" may do better and is tried now.
outbound-turn-direct = That belongs to the way we took, not to the recipient or the message: the recipient's own hosts may do better and are tried now.
outbound-turn-none = The route has another way, but it would meet the same there, so it is not tried.
outbound-host-rests = { $host } [{ $ip }] could not be reached { $failures ->
    [one] a moment ago
   *[other] { $failures } times in a row
}, so it is not asked again for { $seconds } seconds. What happened the last time:
outbound-all-rest = No connection was tried: every host for { $next_hop } failed a moment ago, and none is asked again before { $seconds } seconds have passed. The first message after that finds out whether they are back.
outbound-literal = The recipient's address carries the address { $ip } itself, so no DNS record is asked for.
outbound-mx-found = { $domain } has MX records (preference and host, lowest first): { $hosts }.
outbound-mx-implicit = { $domain } has no MX record, so the domain itself is taken for its mail host.
outbound-domain-alias = { $domain } is an alias of { $alias }, whose MX records count.
outbound-mx-own = { $host } (preference { $preference }) is this server. It and all hosts of the same or a higher number are left out, because they would send the message back here.
outbound-hosts-limited = The domain has more hosts than we try; the first { $limit } are used.
outbound-host-addresses = { $host } has the addresses { $addresses }.
outbound-host-alias = { $host } is an alias of { $alias }. An MX record should name a host directly; we followed the alias.
outbound-host-without-address = { $host } has no address record, so it is left out.
outbound-host-dns-failed = The addresses of { $host } could not be found out: { $error }.
outbound-host-bad-name = { $host } is not a name that a host can have, so it is left out.
outbound-mx-is-address = The MX record names the address { $host } where a host name must stand, so it leads nowhere.
outbound-host-loopback = The address { $ip } of { $host } leads every machine to itself, so nothing is sent there.
outbound-host-out-of-reach = { $host } has the address { $ip }, which lies inside a machine or a local link, not on the Internet; it is left out.

## No hosts
outbound-null-mx = { $domain } publishes a null MX record: it takes no mail at all. The address is wrong, or belongs to a domain that only sends.
outbound-domain-does-not-exist = The domain { $domain } does not exist. Look for a spelling mistake in the address.
outbound-domain-takes-no-mail = { $domain } has neither an MX record nor an address, so it cannot take mail. Look for a spelling mistake in the address.
outbound-dns-failed = The DNS did not tell us where mail for { $name } goes ({ $error }). Whether the domain takes mail is not known.
outbound-no-usable-host = { $domain } names hosts for its mail, but none of them has an address that we can connect to.
outbound-address-out-of-reach = The address { $ip } lies inside a machine or a local link, not on the Internet; we do not connect to it.
outbound-loop = Mail for { $domain } is to come to this server, but this server does not know the domain. Either add the domain here, or correct its MX records.
outbound-loop-loopback = { $host } has the address { $ip }, which leads every machine to itself: mail for the domain loops back to whoever sends it. Only the owner of the domain can put this right, by MX records that name a real mail host, or a null MX where it takes no mail.
outbound-requiretls-insecure-mx = The message asks for protected transport all the way (REQUIRETLS), but neither DNSSEC nor an MTA-STS policy vouches for the mail hosts of { $domain }, so anybody could have put another host there.

## Connecting
outbound-connect-refused = The host refused the connection: no mail server listens there, or a firewall turned us away.
outbound-connect-timeout = The host did not answer in time. It is down, or a firewall drops our connection; some providers block outgoing port 25.
outbound-connect-unreachable = There is no way to the host's network from here.
outbound-connect-failed = The connection could not be made: { $error }.

## TLS
outbound-tls-failed = The TLS handshake failed: { $error }.
outbound-tls-not-offered = TLS is required for this message, and the server does not offer it.
outbound-tls-distrusted = The certificate of { $host } cannot be trusted: { $why ->
    [expired] it has expired
    [name] it has another name
    [authority] no trusted authority has issued it
    [tlsa] it fits none of the host's TLSA records
   *[other] it could not be verified
}. { $by ->
    [dane] The host's TLSA records (DANE) forbid delivery without that.
    [mta-sts] The recipient's domain forbids delivery without that (MTA-STS).
    [requiretls] The message forbids delivery without that (REQUIRETLS).
    [sender] The sender forbids delivery without that.
   *[configured] Our configuration forbids delivery without that.
}
outbound-tls-no-roots = No trusted root certificates are known here, so no certificate can be trusted.
outbound-tls-no-certificate = The server showed no certificate.
outbound-tls-expired = The certificate expired on { $when }.
outbound-tls-not-yet-valid = The certificate is valid only from { $when }.
outbound-tls-other-name = The certificate does not name { $host }; it names { $names }.
outbound-tls-self-signed = The certificate is signed by itself ({ $subject }), so nobody vouches for it.
outbound-tls-unknown-issuer = The certificate was issued by { $issuer }, to whom no trusted root leads.
outbound-tls-untrusted = The certificate is not trusted: { $error }.

## What TLS is worth
outbound-policy-configured = Our configuration says for { $domain }: `{ $policy }`. What the domain publishes does not count beside it.
outbound-policy-sender = The sender demands more for this message than any policy of the destination.
outbound-policy-relaxed = The author asks for delivery even where TLS cannot be had as the domain's policy wants it (TLS-Required: No), so that policy is left aside.
outbound-dane-found = { $host } has { $count } TLSA records at { $base }, and DNSSEC vouches for them: its certificate has to fit one.
outbound-dane-none-usable = None of the TLSA records of { $host } can be used, so TLS is demanded, but any certificate will do.
outbound-dane-required = Our configuration demands DANE, but { $host } has no TLSA record that DNSSEC vouches for.
outbound-dane-lookup-failed = Whether { $host } has TLSA records could not be found out ({ $name }: { $error }). Whoever wants to read along could have caused that, so this host does not get the message now.
outbound-dane-no-match = The certificate of { $host } fits none of its TLSA records. Either somebody is in between, or the host changed its certificate without its records.
outbound-dane-not-issued = The certificate was not issued by the authority that the TLSA record names: { $error }.
outbound-sts-found = { $domain } has an MTA-STS policy (identifier { $id }, mode { $mode }).
outbound-sts-host-named = The policy names { $host } ({ $pattern }).
outbound-sts-host-not-named = The MTA-STS policy of { $domain } does not name { $host } among the hosts for its mail. Either the MX records are forged, or the policy is out of date.
outbound-sts-testing = The policy is only being tested: what does not fit it is reported, and the message is delivered all the same.

## The session
outbound-refused-greeting = The server turned us away before we said anything: { $reply }
outbound-refused-auth = The smarthost does not accept our user name and password: { $reply }
outbound-refused-login = The smarthost "{ $relay }" does not accept the user name "{ $user }" with its password: { $reply }. Correct `user` and the password in [{ $setting }] of the configuration; the mail waits until then.
outbound-refused-closing = The server is closing the connection: { $reply }
outbound-refused = The server answered { $command } with: { $reply }
outbound-extension-missing = The server cannot take this message: { $reply }
outbound-auth-not-possible = Logging in to the smarthost is not possible: { $reason }.
outbound-connection-lost = The server closed the connection while we waited for its answer to { $phase }.
outbound-silence = The server did not answer { $phase } in time.
outbound-too-slow = The server was too slow: the transaction was at { $phase } when its time was over.
outbound-not-smtp = What the server sent is not SMTP: { $text }
outbound-possibly-delivered = The whole message was sent, but the connection ended before the server confirmed it. It may have arrived. Two copies are better than none, so such a message is sent again while its time lasts.
outbound-nothing-tried = No host was tried.
outbound-time-is-up = Nothing more was tried: the time for this message was over.
outbound-mailer-delivered = { $host } took the message: { $reply }
outbound-mailer-deferred = Nobody has kept the message: send it again in { $minutes } minutes.
outbound-mailer-possibly-delivered = { $host } got the whole message, but the connection ended before it confirmed that. It may have arrived: sending it again may bring a second copy, not sending it may bring none.
outbound-content-unreadable = The message could not be read from our own store: { $error }.
