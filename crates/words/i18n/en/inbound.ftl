### Why mail from outside was refused or put aside.

inbound-refused-spf = SPF of { $domain } says that this client may not send its mail; refused before the content.
inbound-refused-dmarc = DMARC of { $domain } failed, and its owner asks for such mail to be rejected.
inbound-deferred-dmarc = The DMARC policy of { $domain } could not be found out; the sender was asked to try again.
inbound-junk-dmarc-reject = DMARC of { $domain } failed with the policy reject; this server is set to accept such mail into Junk.
inbound-junk-dmarc-quarantine = DMARC of { $domain } failed, and its owner asks for such mail to be quarantined.
inbound-junk-author = Nobody can be read out of its From field, so DMARC has no domain to ask.
inbound-junk-spf = SPF of { $domain } failed and DMARC did not vouch for the message.
inbound-refused-mailbox = There is no mailbox { $address } here; refused before the content.
inbound-refused-relay = { $address } is not ours, and the client had no right to send through this server: it would have been relaying.
inbound-banned = Too many wrong passwords for { $account } from { $ip }; logins from there are refused until { $until }.
inbound-refused-return-path = { $address } looks like a return path of ours, but it is forged, or its time is over, or its message is forgotten; refused before the content.
inbound-refused-spam = It looks like spam, and the domain { $domain } takes none (spam_action is block).
inbound-thrown-away-spam = It looks like spam and was thrown away, as the domain { $domain } wants it (spam_action is delete).
inbound-refused-list = The mailing list { $list } takes nothing from outside (its access level is readonly): only authenticated senders of its domain may write to it. Refused before the content.
inbound-refused-nowhere = The routes send mail for { $address } only to addresses of this server that nobody has: change the routes, or make a mailbox.
inbound-refused-circles = A route sent this message on from { $address } before, and it came back: look where mail to that address leads.
inbound-refused-paper = It came to a return path or to the address for complaints, but tells of nothing that we sent, and no person reads there.
