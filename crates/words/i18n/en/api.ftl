## Pages for people who got mail from us.

api-farewell-title = Unsubscribe
api-farewell-button = Unsubscribe
api-farewell-ask-everything = { $domain } will send no more mail to { $recipient }. Press the button if that is what you want.
api-farewell-ask-list = { $recipient } will get no more mail of the mailing list { $list }; other mail of { $domain } goes on. Press the button if that is what you want.
api-farewell-ask-tags = { $domain } will send no more mail about “{ $tags }” to { $recipient }; other mail goes on. Press the button if that is what you want.
api-farewell-done-title = You are unsubscribed
api-farewell-done-everything = { $domain } sends no more mail to { $recipient }. What is on its way already may still arrive. You may close this page.
api-farewell-done-tags = { $domain } sends no more mail about “{ $tags }” to { $recipient }. What is on its way already may still arrive. You may close this page.
api-farewell-done-list = { $recipient } gets no more mail of the mailing list { $list }. What is on its way already may still arrive. You may close this page.
api-farewell-invalid-title = This link is not valid
api-farewell-invalid = Mail programs sometimes break long links or cut them short. Open the link in the message once more, or copy it whole into the address line of your browser.
api-farewell-trouble-title = That did not work
api-farewell-trouble = Your wish could not be written down just now, and nothing has changed. Please try again in a few minutes.

## What wants attention
api-provider-other = Others
api-attention-paused = Delivery is paused: mail is accepted, and nothing leaves.
api-attention-paused-fix = Set `paused = false` under [delivery] in the configuration, and reload: `tegami reload`.
api-attention-backed-off = { $provider } asked us to slow down, and { $waiting } recipients wait: { $reply }
api-attention-backed-off-fix = Mail goes on by itself, slowly at first. If it comes back, send less at a time, and to people who want it.
api-attention-held = { $count } recipients at { $provider } are held until somebody lets them go.
api-attention-held-fix = Look why they were held, then release or drop them.
api-attention-rules = Standing rules that hold mail: { $count }. What they hold waits, and is given up when its time is over.
api-attention-rules-fix = Lift them when their reason is gone.
api-attention-failing = { $share } % of { $finished } recipients at { $provider } failed in the last day. Providers take many failures as a sign of a bad list.
api-attention-failing-fix = Look at the replies of some of these messages, and take addresses that do not exist off your list.
api-attention-complaints = { $count } readers complained in the last day. From 0.3 % on, Gmail and Yahoo put mail into Junk.
api-attention-complaints-fix = See which mail it was, and make unsubscribing easy: complainers are not written to again.
api-attention-calls = Requests to { $url } were given up: { $said }
api-attention-calls-fix = See that the URL answers, then send what was given up once more.
api-attention-unverified = { $domain } may not send yet: its records are not in the DNS, or nobody has looked since.
api-attention-unverified-fix = Publish its records, then have them looked up.
## Contact forms.

api-form-missing-title = There is no such form
api-form-missing = No form has this address. Please use the form on the web site once more, or tell its owner.
api-form-blank-title = Contact
api-form-blank-lead = Your message goes to the people of this site. They answer to the address you give.
api-form-blank-button = Send
api-form-name = Your name
api-form-email = Your e-mail address
api-form-message = Your message
api-form-trap = Leave this field empty
api-form-confirm-title = Is this right?
api-form-confirm-lead = Nothing has been sent yet. Please read it over and send it.
api-form-confirm-button = Send
api-form-back = To change something, go back with your browser.
api-form-thanks-title = Thank you
api-form-thanks = Your message has been sent.
api-form-trouble-title = Your message has not been sent
api-form-foreign = The page that sent this form is not one of those that may, or your browser does not say which page it was. Please use the form on the web site itself.
api-form-large = It is too long. Please shorten it; files cannot be sent by this form.
api-form-unreadable = What your browser sent could not be read. Please go back and try once more.
api-form-file = Files cannot be sent by this form. Please go back and send it without them.
api-form-lines = A field that has one line contained a line break or a control character. Please go back and write it again.
api-form-incomplete = Something is missing or not right. Please go back and mend it.
api-form-required = { $field }: please fill this in.
api-form-bad-address = This e-mail address cannot be right. Please check it: an answer goes there.
api-form-empty = Nothing was written.
api-form-stamp = The form was sent sooner than a person can fill it in, or it lay too long, or it lacked its stamp. Send it again with the fresh fields under “hidden”.
api-form-rate = Many messages came from your network within the last hour. Please try again in { $minutes } minutes.
api-form-unavailable = Your message could not be sent just now. Please try again in a few minutes; going back keeps what you wrote.
