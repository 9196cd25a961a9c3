### Words of the queue.

queue-no-result = The attempt ended without saying what became of this recipient.
queue-intake-no-recipients = The message has no recipient, so there is nobody to send it to.
queue-intake-too-many-recipients = The message has { $count } recipients; at most { $limit } are accepted in one message. Split it into several.
queue-intake-too-large = The message has { $size } octets; at most { $limit } are accepted. Encoded attachments take a third more than the files themselves.
queue-intake-bad-header = The header section is not acceptable: { $why }. A receiver could not tell who wrote the message.
queue-intake-no-author = The message has no From field. Every message must say who wrote it (RFC 5322 section 3.6).
queue-intake-author-not-permitted = The account { $account } may not write as { $author }. Add this address to the addresses that the account may send as, or use another From field.
queue-intake-no-such-mailbox = There is no mailbox { $address } on this server, although its domain is local. Nothing was sent to anybody.
queue-intake-too-late = Delivery was asked for at { $moment }, which is further in the future than this server keeps messages.
queue-intake-signing = The message could not be signed with DKIM: { $why }. It was not accepted, because unsigned mail would hurt the reputation of the domain.
queue-intake-store = The message could not be kept: { $why }. Nothing of it was accepted; send it again later.
queue-intake-loop = The message has passed { $hops } hosts, so it goes in a circle: look for two hosts that forward to each other.
queue-no-mailbox-here = The domain is local, but nobody here has this address.
queue-wait-backed-off = { $place } has had enough for now: { $host } answered "{ $reply }". Nothing goes there before { $until }; then it goes slower for a while.
queue-wait-rate-minute = { $place } gets at most { $limit } messages a minute from one address. The next one goes at { $until }.
queue-wait-rate-hour = { $place } gets at most { $limit } messages an hour from one address. The next one goes at { $until }.
queue-wait-connections = { $place } gets at most { $limit } connections at the same time from one address. This message goes when one of them is free.
queue-wait-warm-up = The source { $source } is becoming known: today, on day { $day } of its plan, { $place } gets { $allowance } messages from it, and they have gone. The next day begins at { $until }.
queue-held-by-rule = It waits because of the standing rule { $rule }, made by { $by } on { $since }: { $reason }. It goes on when the rule is lifted: tegami queue release --rule { $rule }
queue-dsn-passes = The code says never, but this is known to pass.
queue-suppressed-bounces = It was not sent: an earlier message to this address came back, because there is no such mailbox.
queue-suppressed-bounces-advice = If the address is good again, have the administrator of this server take it off the list (tegami suppression remove).
queue-suppressed-unsubscribes = It was not sent: whoever reads there has unsubscribed.
queue-suppressed-unsubscribes-advice = Write to this address only if its owner asks for it again.
queue-suppressed-complaints = It was not sent: whoever reads there has complained about an earlier message.
queue-suppressed-complaints-advice = Do not write to this address from this domain any more.
