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

## Overview
page-attention = Wants attention
page-numbers = The last 24 hours
page-numbers-partial = So much happened that only the newest part of it is counted here.
page-accepted = accepted
page-delivered = delivered
page-deferred = to be tried again
page-waiting = waiting
page-held = held
page-failed = failed
page-arrived = arrived
page-chart-hours = Recipients by the hour (UTC)
page-chart-providers = How much arrives, by provider
page-as-table = As a list
page-all-messages = All messages

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

## API keys
page-keys-lead = Programs show a key to the HTTP API. A key for one domain can only send for it; a key for everything may do what an admin may.
page-keys-none = There are no keys yet.
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
