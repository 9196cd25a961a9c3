# The doctor: mail to many.
bulk-not = This is no mail to many: neither its fields nor its sender say so.
bulk-no-numbers = No numbers of our own are known for this domain.

check-bulk-status = How much goes to whom
check-bulk-status-about = Shows the most messages in 24 hours to each large provider, all sub-domains together. Whoever once sent Gmail about 5,000 in a day counts as a bulk sender for ever.
bulk-status = At the most { $count } messages went to { $provider } in a day.
bulk-status-near = Up to { $count } messages a day went to { $provider }. At about 5,000 the rules for bulk senders begin, and stay.
bulk-status-bulk = Up to { $count } messages a day went to { $provider }: treat the domain as a bulk sender from now on.
bulk-status-told = The sender says that the domain sends thousands of messages a day.

check-bulk-unsub-header = One click unsubscribes
check-bulk-unsub-header-about = Advertising and lists need List-Unsubscribe with an https URL in angle brackets, and List-Unsubscribe-Post: List-Unsubscribe=One-Click. Gmail and Yahoo do not refuse mail without it, but help no more when it is filtered.
bulk-unsub-header = The message offers to unsubscribe with one click.
bulk-unsub-header-none = The message has no List-Unsubscribe field. Gmail and Yahoo demand it of bulk senders; without it people press “spam”.
bulk-unsub-header-post-wrong = List-Unsubscribe-Post is not exactly List-Unsubscribe=One-Click, so it counts for nothing.
bulk-unsub-header-no-post = List-Unsubscribe-Post is missing: the link leads to a page, and Gmail demands one click.
bulk-unsub-header-mail = List-Unsubscribe has only a mail address. Yahoo takes that, Gmail does not.
bulk-unsub-header-http = List-Unsubscribe has no https URL.
bulk-unsub-header-brackets = List-Unsubscribe has no URL in angle brackets.
bulk-unsub-header-fix = Send both fields: List-Unsubscribe: <https://…> with a URL of its own for each recipient, and List-Unsubscribe-Post: List-Unsubscribe=One-Click.

check-bulk-unsub-endpoint = Unsubscribing works
check-bulk-unsub-endpoint-about = Sends the POST that mailbox providers send, only to our own endpoint with a token made for the test, or where the operator asks for it. It must answer 2xx without redirect, cookie or password, and a GET must not unsubscribe, because scanners follow links.
bulk-unsub-endpoint = The endpoint answered the POST with { $status }.
bulk-unsub-endpoint-none = There is no endpoint for one click.
bulk-unsub-endpoint-off = Not tried: the POST would unsubscribe the recipient. The operator can ask for it.
bulk-unsub-endpoint-dead = The endpoint cannot be reached: { $reason }.
bulk-unsub-endpoint-redirect = The endpoint answers with a redirect ({ $status }), which mailbox providers do not follow.
bulk-unsub-endpoint-status = The endpoint answers with { $status }.
bulk-unsub-endpoint-get = A mere GET unsubscribes: scanners that follow links will take people off the list.
bulk-unsub-endpoint-fix = Let the URL take a POST of List-Unsubscribe=One-Click and answer 200 at once; let a GET show a page with a button.

check-bulk-unsub-signed = The fields to unsubscribe are signed
check-bulk-unsub-signed-about = Gmail and Yahoo believe List-Unsubscribe and List-Unsubscribe-Post only where a DKIM signature that passes covers both.
bulk-unsub-signed = A signature that passes covers both fields.
bulk-unsub-unsigned = No signature that passes covers both fields.
bulk-unsub-signed-fix = Add list-unsubscribe and list-unsubscribe-post to the fields that are signed.

check-bulk-unsub-latency = Whoever unsubscribes is left in peace
check-bulk-unsub-latency-about = Gmail and Yahoo want unsubscribing to be honoured within two days.
bulk-unsub-latency = The longest that it took was { $hours } hours.
bulk-unsub-latency-long = Somebody still got mail { $hours } hours after unsubscribing; two days are allowed.
bulk-unsub-latency-fix = Look at suppressions right before each message is sent, not when a mailing is prepared.

check-bulk-list-id = The list has a name
check-bulk-list-id-about = List-Id names a list, so that people and programs can sort its mail.
bulk-list-id = The list has a well made List-Id.
bulk-list-id-none = The message has no List-Id; with one, people can filter it without knowing its sender.
bulk-list-id-malformed = The List-Id { $value } is not of the form <name.domain>.

check-bulk-feedback-id = Complaints can be told apart
check-bulk-feedback-id-about = Gmail counts complaints by the parts of Feedback-ID (three of your own, then the sender, 5 to 15 characters), where it is signed.
bulk-feedback-id = The message has a signed Feedback-ID.
bulk-feedback-id-none = The message has no Feedback-ID; with one, Gmail's Postmaster Tools tell complaints by campaign.
bulk-feedback-id-malformed = The Feedback-ID { $value } is not of the form a:b:c:sender with a sender of 5 to 15 characters.
bulk-feedback-id-unsigned = No signature covers the Feedback-ID; Gmail ignores it.

check-bulk-mixed-streams = Advertising and receipts go apart
check-bulk-mixed-streams-about = Complaints about advertising pull down what shares its author and address: orders, passwords, receipts.
bulk-mixed-streams-none = Advertising and transactional mail go by different authors or addresses.
bulk-mixed-streams = Advertising and transactional mail share author and address; complaints about one hurt the other.

check-bulk-complaint-rate = Few complaints
check-bulk-complaint-rate-about = Complaints among the messages that reached inboxes, from feedback loops or Postmaster Tools. Gmail wants less than 0.10%, and stops helping at 0.30%.
bulk-complaint-rate = { $percent }% of the messages are complained about.
bulk-complaint-rate-near = { $percent }% of the messages are complained about; Gmail wants less than 0.10%.
bulk-complaint-rate-high = { $percent }% of the messages are complained about. At 0.30% Gmail and Yahoo begin to refuse.
bulk-complaint-rate-fix = Write only to those who asked for it, stop writing to those who do not open, and make unsubscribing easy.

check-bulk-bounce-rate = Few bounces
check-bulk-bounce-rate-about = Messages that were refused for good, by our own log: above 2% is told, above 5% is bad. Outlook forbids trying such recipients again.
bulk-bounce-rate = { $percent }% of the messages are refused for good.
bulk-bounce-rate-high = { $percent }% of the messages are refused for good: the list is old, or was not asked.
bulk-bounce-rate-retried = { $count } messages were sent again to recipients that had been refused for good. Outlook forbids that.
bulk-bounce-rate-fix = Take recipients that are refused for good off the list at once.

check-bulk-rate = The pace is what receivers bear
check-bulk-rate-about = Replies that ask to slow down (Gmail 421 4.7.28, Yahoo TSS04, Outlook RP-001) want a pause of at least ten minutes, then a single connection.
bulk-rate = Nobody asked to slow down.
bulk-rate-heeded = { $count } replies asked to slow down, and were heeded.
bulk-rate-ignored = { $count } replies asked to slow down; { $ignored } of them were not followed by a pause.
bulk-rate-fix = Pause for ten minutes after such a reply, go on with one connection, and add one more as long as all goes well.
