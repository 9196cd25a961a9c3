### What the pages say: signing in, and everything that people administer there.

## The door
page-sign-in = Sign in
page-sign-out = Sign out
page-name = Name
page-password = Password
page-sign-in-nobody = Nobody can sign in here yet. On the server, this makes the first one who can, and shows a password:
page-sign-in-refused = The name or the password is wrong.
page-sign-in-banned = Too many sign-ins have failed from your network. Try again after
page-trouble-foreign = Nothing was changed: the form did not come from a page of this server, or has grown old. Go back, load the page again, and send it once more.
page-trouble-read-only = Nothing was changed: you may look at everything here, but changing it takes the role admin.
page-role-admin = admin
page-role-read-only = read-only

## Everywhere
page-nav-messages = Messages
page-nav-suppressions = Suppressions
page-nav-lists = Lists
page-nav-tags = Tags
page-nav-keys = API keys
page-nav-users = Users
page-trouble-refused = Nothing was changed, because this cannot be:
page-any = all
page-domain = Domain
page-recipient = Recipient
page-sender = Sender
page-tag = Tag
page-address = Address
page-list = List
page-reason = Why
page-state = State
page-role = Role
page-provider = Provider
page-search = Search
page-show-all = Show all
page-more = More
page-remove = Remove
page-set = Set
page-go-there = Go there
page-the-message = the message
page-done-changed = Done. Changed: { $count }
page-done-held = Held. It waits until somebody lifts the rule.
page-done-lifted = Lifted. What was held goes on by itself.
page-done-suppressed = The address is not written to any more.
page-done-forgiven = The address may be written to again.
page-done-removed = Removed.
page-done-added = Added.
page-done-password = The password is changed, and all sessions have ended.
page-done-verified = The DNS was asked just now.
page-since = Since

## Overview
page-attention = Wants attention
page-numbers = The last 24 hours
page-accepted = accepted
page-delivered = delivered
page-deferred = to be tried again
page-waiting = waiting
page-held = held
page-failed = failed
page-arrived = arrived
page-chart-hours = Recipients by the hour (UTC)
page-chart-days = Recipients by the day (UTC)
page-chart-providers = How much arrives, by provider
page-as-table = As a list
page-all-messages = All messages
page-first-steps = To send the first one, publish what the domain needs, and make a key for the program that sends:

## Messages
page-search-hint = subject, address, tag or id
page-search-fate = Fate
page-search-more = More
page-from-day = From (UTC)
page-to-day = To (UTC)
page-messages-none-fit = No message fits.
page-newest = Newest
page-older = Older
page-fate-delivered = delivered
page-fate-waiting = waiting
page-fate-held = held
page-fate-failed = failed
page-fate-received = received
page-fate-test = test mode

## Queue
page-queue-paused = Delivery is paused by the configuration: mail is accepted, and nothing leaves.
page-providers = Providers
page-providers-none = No mail waits, and none has gone out yet.
page-connections = Connections
page-per-minute = Last minute
page-today = Today
page-warm-up = Warm-up
page-warm-up-day = day { $day }
page-pace = Pace
page-paused-until = Nothing goes before
page-hold = Hold
page-hold-one = Hold
page-hold-by = Held by
page-lift = Lift the hold
page-retry = Try now
page-release = Release
page-drop = Drop…
page-drop-silent = Drop, tell nobody
page-drop-told = Drop, tell the sender
page-holds = Standing holds
page-who-waits = Who waits
page-queue-find = Find somebody who waits
page-hold-new = Hold by rule
page-hold-new-lead = A rule holds what waits and what is still to come, until it is lifted.
page-hold-what = What
page-hold-value = Which
page-hold-domain = mail to the domain
page-hold-provider = mail to the provider
page-hold-sender = mail of the sending domain
page-hold-account = mail of the account or key
page-hold-tag = mail with the tag

## Mailboxes
page-mailboxes-first = On the server, this makes an account that has one:

## Suppressions
page-suppressions-lead = These addresses are not written to: their mailboxes do not exist, or their readers asked for no more or complained.
page-suppressions-none = Nobody: every address may be written to.
page-suppressions-none-fit = No address fits.
page-list-bounces = bounced
page-list-unsubscribes = unsubscribed
page-list-complaints = complained
page-source-rule = a receiver refused it
page-source-notification = a notification came back
page-source-complaint = a receiver passed a complaint on
page-source-person = put here by a person
page-source-api = put here by the API
page-forgive = Write again
page-suppress-new = Put an address on a list
page-suppress = Write no more

## Allow list
page-allowed = Allow list
page-allowed-lead = Failures of these addresses and domains put nobody on the list of bounces: they are written to again next time.
page-allowed-none = Nobody: who bounces is not written to again.
page-allowed-first = Add an address below whose failures you know to pass, such as a mailbox that is full at times.
page-allowed-domain = whole domain
page-allowed-new = Add an address or a domain
page-allowed-value = Address or domain

## Mailing lists
page-lists-lead = What is sent to the address of a list goes to each of its members, where its sender may write to it.
page-lists-none = There are no lists yet.
page-lists-first = Make one below, then add its members.
page-list-members = Members: { $count }
page-list-new = Make a list
page-list-make = Make the list
page-list-level = Who may write to it
page-list-level-readonly = whoever may send as the list
page-list-level-members = members
page-list-level-everyone = everybody
page-list-answers = Answers go to
page-list-answers-list = the list
page-list-answers-sender = the sender
page-list-change = Change the list
page-list-remove = Remove the list…
page-list-remove-sure = Its members go with it, and mail to it is refused.
page-members = Members
page-member-find = Name or address
page-members-none = The list has no members yet: mail to it goes nowhere.
page-members-first = Add some below.
page-members-none-fit = Nobody fits.
page-member-left = left
page-members-add = Add members
page-members-addresses = Addresses, one on each line

## Tags
page-tags-lead = What became of the messages that carry each tag, counted by recipients over the last 30 days.
page-tags-none = No message has carried a tag yet.
page-tags-first = A program gives a message a tag by the parameter
page-tags-none-fit = No tag fits.
page-tag-messages = Messages with this tag
page-tag-numbers = The last 30 days
page-tag-first-seen = First seen
page-tag-last-seen = last seen
page-tag-about = What this tag is for
page-tag-remove = Forget the tag…
page-tag-remove-sure = It comes back with the next message that carries it.

## API keys
page-keys-lead = Programs show a key to the HTTP API. A key for one domain can only send for it; a key for everything may do what an admin may.
page-keys-none = There are no keys yet.
page-keys-first = Make one below: a program needs it to send by the HTTP API.
page-key-made = The key { $name } is shown only now. Copy it to where it belongs:
page-key-sends = sends for
page-key-everything = everything
page-key-remove-sure = Programs that use it are let in no more.
page-key-new = Make a key
page-key-name = What you call it
page-key-may = May do
page-key-make = Make a key

## Users
page-users-lead = Who may sign in here. An admin may change everything; read-only may look at everything.
page-users-none = Nobody yet.
page-make-admin = Make admin
page-make-read-only = Make read-only
page-new-password = New password…
page-user-remove-sure = All their sessions end at once.
page-user-new = Add a user
page-user-add = Add

## Routes
page-nav-routes = Routes
page-routes-lead = A route says what happens to mail that comes in: it is sent on to an address, posted to a URL, or kept. Routes are asked in the order of their priority, the lowest first.
page-routes-none = There are no routes: mail goes into mailboxes here, or is refused.
page-routes-first = Make one below to send mail on to an address or to a program of yours.
page-route-new = Make a route
page-route-change = Change the route
page-route-expression = For which mail
page-route-actions = What it does, one action on each line
page-route-remove-sure = Mail that comes from now on is not handled by it.
page-route-test = Try the routes
page-route-test-lead = Paste a message or its header section, and see which routes match and why. Nothing is sent.
page-route-message = Message
page-route-try = Try
page-route-tried = Mail to
page-route-some-match = At least one route takes this message.
page-route-none-match = No route takes this message.
page-route-matched = matches
page-route-unmatched = does not match
page-route-unasked = not asked
page-priority = Priority
page-description = Description
page-change = Change
page-save = Save

## Webhooks
page-nav-webhooks = Webhooks
page-webhooks-lead = When something happens to a message, these URLs are told, with a signature; a URL that does not answer well is asked again for eight hours.
page-webhooks-none = Nobody is told.
page-webhooks-first = Name a URL below, and it hears of what becomes of each message.
page-webhook-set = Tell a URL
page-webhook-set-lead = It takes the place of those that were told of this type before. Several URLs are separated by spaces, at most three.
page-webhook-kind = Of
page-event-accepted = accepted
page-event-clicked = clicked
page-event-complained = complained
page-event-delivered = delivered
page-event-opened = opened
page-event-permanent-fail = failed for good
page-event-temporary-fail = to be tried again
page-event-unsubscribed = unsubscribed
page-calls = Log
page-calls-none = No request of this kind in the last three days.
page-call-waiting = waiting
page-call-done = answered
page-call-failed = given up
page-call-forward = message forwarded by a route
page-call-stored = message kept by a route
page-call-archive = copy for the archive
page-call-again = Send again
page-call-key = Signing key
page-call-key-lead = Whoever receives webhooks or posts of routes verifies with it that they come from here.
page-call-key-show = Show the key
page-call-key-renew = Make a new key…
page-call-key-sure = What is signed from then on can be verified with the new key only. Give it to the receivers at once.
page-call-key-configured = The configuration of this server names it; it is changed there.
page-done-again = It is sent again now.

## Templates
page-nav-templates = Templates
page-templates-lead = A message can name a template and its values in place of its text.
page-templates-none = There are none yet.
page-templates-first = Write one below, and programs only send what differs from letter to letter.
page-template-new = Make a template
page-template-unused = no version in use
page-template-preview = Preview
page-template-values = Values (JSON)
page-template-show = Show
page-template-versions = Versions
page-template-active = in use
page-template-shown = shown
page-template-change = Change, or add a version
page-template-tag = Tag of the version; one of this tag is replaced
page-template-comment = What changed
page-template-use = Use this version from now on
page-template-remove = Remove the template…
page-template-remove-sure = All its versions go. Messages that name it are refused.

## Domains
page-nav-domains = Domains
page-domains-lead = Mail is sent for these domains, and mail to them is kept here.
page-domains-none = There are none yet.
page-domains-first = Take one in below: you are shown what to publish in its DNS.
page-domain-active = may send
page-domain-unverified = not yet
page-domain-disabled = disabled
page-domain-configured = configuration
page-domain-checked = DNS asked
page-domain-new = Take in a domain
page-domain-verify = Ask the DNS now
page-domain-unverified-lead = Nothing is sent for this domain yet. Publish the records below where its DNS is administered, then have them looked up.
page-domain-configured-lead = The configuration of this server names this domain, so it may send whatever the DNS says; receivers go by the DNS all the same.
page-domain-active-lead = This domain may send.
page-domain-receives-not = Mail to it is not kept here.
page-domain-remove = Remove the domain…
page-domain-remove-sure = Its keys go with it. Its messages and events stay.
page-records = Records to publish
page-records-lead = Copy each to where the DNS of the domain is administered. Receivers believe mail whose records are there.
page-record-valid = found
page-record-invalid = something else
page-record-unknown = not found
page-record-unasked = not asked for yet
page-record-instead = The DNS says instead:
page-record-for-mail = Mail to the domain comes to this server.
page-record-for-host = The server’s name and its address belong together.
page-record-for-spf = SPF: this server may send for the domain.
page-record-for-host-spf = SPF: this server may say its own name.
page-record-for-key = DKIM: the key that signs.
page-record-for-bounces = Bounces to the host of return paths come here.
page-record-for-bounce-spf = SPF: this server may send in the name of the host of return paths.
page-record-for-spare-key = DKIM: a key that does not sign, or not yet.
page-record-for-dmarc = DMARC: what receivers do with mail that proves nothing.
page-record-for-links = Links in messages lead to this server.
page-signing = Keys that sign
page-signing-lead = To change keys: make a new one, publish its record, let it sign, and some days later take the old one out of use.
page-signing-make = Make a key
page-signing-remove-sure = What it signed cannot be verified any more once its record is gone.
page-selector = Selector
page-key-active = signs
page-key-spare = does not sign
page-key-activate = Let it sign
page-key-deactivate = Stop signing with it
