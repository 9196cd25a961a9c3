### What the pages say.

## Everywhere
web-skip = Skip to the content
web-nav = Pages
web-nav-overview = Overview
web-nav-mailboxes = Mailboxes
web-nav-queue = Queue
web-copied = Copied
web-copy = Copy
web-back-overview = Overview
web-trouble = This page cannot be shown
web-trouble-missing = There is nothing here: the address is wrong, or what it named has been forgotten since.
web-trouble-store = The store cannot be read at present. The log of the server says why.
web-no-subject = (no subject)

## Overview
web-title-lab = The lab
web-title-overview = Mail
web-lead-lab = A small internet on this machine: DNS, our own mail server, and other people’s mail hosts with their habits. Real messages travel through it by real SMTP; nothing leaves this machine.
web-map = Map: senders on the left, our server in the middle asking the DNS, receiving hosts on the right
web-machines = Who lives here, and how they behave
web-machine-taken = { $count } taken
web-machine-refused = { $count } refused
web-role-site = our server
web-role-dns = DNS
web-role-receiver = receives
web-role-silent = does not answer
web-role-sender = sends
web-story = The story
web-story-unexpected = Some messages did not meet the fate that was expected of them.
web-others = Further messages
web-others-none = Nothing yet. Send one in with a command from below, and it appears here.
web-newest = Newest messages
web-newest-none = No message has come yet.
web-own = notification
web-refusals = Refused at our door
web-refusals-lead = Messages that our own server did not take. Their senders were told so in the same session.
web-strangers = Seen at other hosts
web-strangers-lead = Visits at the other hosts of the lab that did not come from our server.
web-try = Try it yourself
web-try-lead = Copy a command into a terminal on this machine; what comes of it appears above.

## Fates
web-fate-delivered = delivered
web-fate-delivered-later = delivered after waiting
web-fate-junk = in Junk
web-fate-bounced = bounced
web-fate-refused = refused
web-fate-under-way = under way
web-fate-waiting = waiting
web-fate-held = held
web-fate-test = test mode
web-fate-received = received
web-as-expected = As expected.
web-as-expected-short = as expected
web-not-as-expected = Not as expected.
web-expected = Expected: { $expected }
web-scene-number = Message { $number } of the story

## One message
web-label-subject = Subject
web-label-from = From
web-label-to = To
web-label-id = Queue id
web-label-size = Size
web-label-tags = Tags
web-label-client = Client
web-label-envelope = Envelope
web-label-when = When
web-journey = The journey
web-accepted = Accepted
web-door-http = It came by the HTTP API, from { $account }.
web-door-submission = It came by SMTP submission, from { $account }.
web-door-reception = It came from another mail server, { $ip }.
web-door-own = It is a notification of our own.
web-attempt = Attempt { $number }
web-attempt-local = The recipient’s mailbox is on this server, so no other host was asked.
web-way-mx = The MX records of the domain say which hosts take its mail; the lowest number is tried first (RFC 5321 section 5.1).
web-way-implicit-mx = The domain has no MX record, so its own address is taken (RFC 5321 section 5.1).
web-way-literal = The address names its host by number.
web-way-smarthost = The configuration sends it through a smarthost.
web-host-preference = preference { $preference }
web-host-duration = { $milliseconds } ms
web-host-not-connected = No connection came about.
web-host-reused = The connection was still open from an earlier message.
web-host-fallback = The TLS handshake had failed just before, so this try went without TLS.
web-tls-none = Not encrypted
web-tls-trusted = The certificate names this host and is vouched for by a trusted root.
web-tls-untrusted = Encrypted, but who is at the other end is not proved.
web-certificate = Certificate
web-certificate-subject = Subject
web-certificate-names = Names
web-certificate-issuer = Issued by
web-certificate-valid = Valid
web-transcript = What was said
web-transcript-receiver = What the receiver noted of the session
web-result-delivered = taken
web-result-possibly-delivered = unknown
web-result-not-now = not now
web-result-failed = did not work
web-result-refused = refused
web-next-attempt = Next attempt
web-expires = given up
web-notification = The sender was told
web-notification-lead = A delivery status notification (RFC 3464) went to the reverse-path.
web-about = This notification is about another message: see its journey
web-visits-other = At the receiving hosts

## What a receiver saw
web-title-visit = A visit at { $host }
web-visit-side = What the receiver saw
web-visit-taken = taken
web-visit-junk = taken into Junk
web-visit-later = come again later
web-visit-refused = refused
web-title-refusal = Refused at our door

## Verdicts
web-verdicts = Verdicts
web-method-iprev = Reverse DNS
web-method-spf = SPF
web-method-spf-helo = SPF of HELO
web-method-dkim = DKIM
web-method-arc = ARC
web-method-dmarc = DMARC
web-meaning-iprev = Does the address have a name that points back to it (RFC 8601 section 3)?
web-meaning-spf = May this address send for the domain of the envelope (RFC 7208)?
web-meaning-spf-helo = May this address call itself by this name (RFC 7208)?
web-meaning-dkim = Is the message what a domain signed (RFC 6376)?
web-meaning-arc = Is the chain of seals by those who passed the message on whole (RFC 8617)?
web-meaning-dmarc = Does SPF or DKIM speak for the domain in the From field (RFC 9989)?
web-fact-selector = Selector
web-fact-algorithm = Algorithm
web-fact-explanation = The domain’s own words
web-fact-policy = Policy
web-fact-disposition = Asked for
web-fact-aligned = Aligned
web-aligned-none = neither
web-steps = Steps
web-step-decides = decides

## Content
web-content = Content
web-text = Text of the message
web-no-text = The message has no plain text.
web-attachments = Attachments
web-fields = Header fields, decoded
web-source = Source
web-source-cut = Only the beginning is shown.
web-source-save = Save the source as a file
web-source-gone = The content is no longer kept.
web-html-title = The message as HTML
web-html-lead = Shown in a frame that can run nothing and load nothing.
web-to-journey = How this message came here

## Mailboxes and queue
web-mailboxes-none = Nobody has a mailbox on this server.
web-mailbox-empty = Empty.
web-queue-lead = Recipients that still wait for their delivery, the next one first.
web-queue-empty = Nobody waits: everything is delivered or given back.
web-queue-more = There are more.
web-attempts = Attempts: { $count }

## What replies mean
web-status-class-2 = The host took it.
web-status-class-4 = It is a refusal for now: trying again later may succeed.
web-status-class-5 = It is a refusal for good: trying again would fail in the same way.
web-status-subject-1 = Something is wrong with an address.
web-status-subject-2 = Something is wrong with the mailbox.
web-status-subject-3 = Something is wrong with the receiving system.
web-status-subject-4 = Something is wrong with the network or the routing.
web-status-subject-5 = Something is wrong with the conversation by SMTP.
web-status-subject-6 = Something is wrong with the content.
web-status-subject-7 = It is a matter of policy or security.
web-status-1-1 = There is no such mailbox.
web-status-1-2 = The host does not take mail for this domain.
web-status-1-3 = The recipient’s address is not well formed.
web-status-1-8 = The sender’s address cannot be right.
web-status-1-10 = The domain takes no mail at all (null MX).
web-status-2-1 = The mailbox exists, but takes nothing.
web-status-2-2 = The mailbox is full.
web-status-2-3 = The message is larger than the mailbox allows.
web-status-3-4 = The message is larger than the host allows.
web-status-4-1 = The host did not answer.
web-status-4-2 = The connection was lost.
web-status-4-4 = No way leads to the domain.
web-status-4-6 = The message goes in a circle.
web-status-4-7 = Delivery took longer than it may.
web-status-7-1 = The host’s policy does not let the message in; the text says why.
web-status-7-20 = No DKIM signature passed.
web-status-7-23 = SPF did not pass; Gmail uses this code for an address without a name that points back to it.
web-status-7-24 = SPF could not be evaluated; Gmail uses this code for an SPF record that lets too many addresses pass.
web-status-7-25 = The sending address has no name that points back to it.
web-status-7-26 = The sender is not authenticated: neither SPF nor DKIM speaks for the author.
web-status-7-27 = The sender’s domain takes no mail itself (null MX); Gmail uses this code where SPF did not pass.
web-status-7-29 = The message did not come over TLS (so Gmail uses this code; elsewhere it means that the ARC chain is broken).
