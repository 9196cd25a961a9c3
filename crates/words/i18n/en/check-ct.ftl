# The doctor: what stands in a message.
ct-none = Nothing of the kind stands in the message.
ct-no-links = The message has no links, or no author.
ct-no-html = The message has no HTML.

check-ct-empty = The message says something
check-ct-empty-about = A message without text, pictures and attachments tells nobody anything, and filters count it.
ct-empty = The message has neither text nor pictures nor attachments.

check-ct-short-test = The message is long enough to be judged
check-ct-short-test-about = Trial messages such as “test” come out badly everywhere, because filters know too little of them. To learn how your mail does, send the real thing.
ct-words = The message has { $count } words.
ct-short-test = The message has { $count } words. Trial messages are judged badly: send your real content to learn how it does.

check-ct-image-only = Words, not only pictures
check-ct-image-only-about = A message of pictures with hardly any text hides its words from filters, as spam does. How pictures and text share the room does not matter otherwise.
ct-image-only = { $pictures } pictures stand beside only { $characters } characters of text.

check-ct-img-alt = Pictures have a description
check-ct-img-alt-about = Many programs show no pictures until asked, and some readers see none: the alt attribute is what they read instead.
ct-img-alt = { $count } pictures, none without a description.
ct-img-alt-missing = { $count } pictures have no alt attribute.

check-ct-img-remote-http = Pictures come encrypted
check-ct-img-remote-http-about = Pictures over http:// can be read and exchanged on the way, and some programs do not show them.
ct-img-remote-http = A picture comes without encryption: { $url }
ct-img-remote-http-fix = Use https:// for pictures.

check-ct-img-data-uri = Pictures are no data URLs
check-ct-img-data-uri-about = Gmail and Outlook show no pictures that stand in the HTML as data: URLs.
ct-img-data-uri = { $count } pictures stand in the HTML as data: URLs, which Gmail and Outlook do not show.

check-ct-tracking-pixel = Pictures that nobody sees
check-ct-tracking-pixel-about = Shows pictures of one pixel, which tell their sender when a message is opened. That is no fault, and costs nothing.
ct-tracking-pixel = A picture of one pixel tells its sender that the message was opened.

check-ct-link-mismatch = Links lead where they say
check-ct-link-mismatch-about = A link whose text shows one host while it leads to another is how passwords are stolen. Links that count clicks do the same when the shown text is a URL.
ct-link-mismatch = A link shows { $text }, but leads to { $host }.

check-ct-link-ip = Links lead to names
check-ct-link-ip-about = Links to bare addresses are what hijacked machines use; Outlook's rules ask not to use them.
ct-link-ip = A link leads to an address instead of a name: { $url }

check-ct-link-port = Links use the usual ports
check-ct-link-port-about = Links to unusual ports are rare in honest mail.
ct-link-port = A link names a port: { $url }

check-ct-link-shortener = Links are written out
check-ct-link-shortener-about = Shortened links hide where they lead and are shared with spammers, so that blocklists and filters count them.
ct-link-shortener = A link hides where it leads: { $url }

check-ct-link-idn-mix = Host names keep to one script
check-ct-link-idn-mix-about = A host name that mixes Latin with Cyrillic or Greek letters imitates another one.
ct-link-idn-mix = A link's host mixes scripts that look alike: { $url }

check-ct-link-zero-width = Host names hide no characters
check-ct-link-zero-width-about = Characters without width in a host name make two different hosts look the same.
ct-link-zero-width = A link's host has characters that cannot be seen: { $host }

check-ct-link-http = Links are encrypted
check-ct-link-http-about = Links over http:// can be read and changed on the way. Worse where the text shows https://.
ct-link-http = { $count } links lead to http://, such as { $url }
ct-link-http-disguised = A link shows https:// and leads to http://: { $url }

check-ct-link-count = Not too many links
check-ct-link-count-about = Counts the links; more than thirty are told.
ct-link-count = The message has { $count } links.
ct-link-count-many = The message has { $count } links.

check-ct-link-own-domain = Links belong to the sender
check-ct-link-own-domain-about = Shows how many links lead to the author's own domain. Links to others share their reputation with you.
ct-link-own-domain = { $own } of { $count } links lead to { $domain }.

check-ct-link-broken = Links work
check-ct-link-broken-about = Follows links only where the operator allows it, and never those that unsubscribe: a request to a stranger's link can change something there.
ct-link-broken-off = Links are not followed here: requests can change something at their owner. The operator can allow it.
ct-link-broken-none = { $count } links were followed, and all answered.
ct-link-broken = { $count } links do not work.
ct-link-broken-fix = Correct the links, or take them out.

check-ct-html-forms = No forms
check-ct-html-forms-about = Most programs show no forms in mail, and forms that ask for passwords are fraud.
ct-html-forms = The HTML has { $count } forms.

check-ct-html-scripts = No scripts
check-ct-html-scripts-about = No mail program runs scripts; filters count them, and event handlers and javascript: links too.
ct-html-scripts = The HTML has { $count } scripts or handlers.

check-ct-html-objects = No embedded objects
check-ct-html-objects-about = iframe, object, embed and applet are dropped by mail programs and counted by filters.
ct-html-objects = The HTML embeds { $count } objects.

check-ct-external-css = Styles stand in the message
check-ct-external-css-about = Mail programs fetch no style sheets: what is linked or imported has no effect, and filters count it.
ct-external-css = The HTML fetches { $count } style sheets, which mail programs do not.

check-ct-html-broken = The HTML is whole
check-ct-html-broken-about = Looks for elements that are not closed, HTML without an html element, and rules with @ within others, for which Gmail drops a whole style.
ct-html = The HTML is whole.
ct-html-unclosed = { $count } elements are not closed.
ct-html-fragment = The HTML has no html element.
ct-html-nested = A style has a rule with @ within another; Gmail drops the whole style for that.

check-ct-meta-refresh = The page stays where it is
check-ct-meta-refresh-about = HTML that leads elsewhere by itself has no place in mail.
ct-meta-refresh = The HTML leads to another page by itself.

check-ct-hidden-text = Nothing is hidden
check-ct-hidden-text-about = Looks for text that cannot be seen: hidden elements, size zero, the colour of the background. A preheader of up to 200 characters is usual; more is what Gmail forbids, and what instructions to machines look like.
ct-hidden-text = { $count } characters stand in the message and cannot be seen ({ $how }).

check-ct-caps = The text does not shout
check-ct-caps-about = Counts how much of the text is in capitals.
ct-caps = { $percent }% of the letters are capitals.

check-ct-gappy = Words are written together
check-ct-gappy-about = Words with gaps between their letters are written so to escape filters, which know that.
ct-gappy = A word has gaps between its letters: { $text }

check-ct-exclaim = Few exclamation marks
check-ct-exclaim-about = Looks for three exclamation marks and more in a row, in subject and text.
ct-exclaim = { $count } exclamation marks stand in a row.

check-ct-spam-phrases = No phrases of spam
check-ct-spam-phrases-about = Looks for a short list of phrases in English and Japanese that unwanted mail is full of; the list stands in docs/score.md. Each takes half a point.
ct-spam-phrases = Phrases that unwanted mail is full of: { $phrases }

check-ct-emoji-subject = Emoji in the subject
check-ct-emoji-subject-about = Shows whether the subject has emoji. That is a matter of taste, and costs nothing.
ct-emoji-subject = The subject has { $count } emoji.

check-ct-charset-exotic = A usual charset
check-ct-charset-exotic-about = Text in a charset that hardly any mail uses surprises programs and filters. UTF-8 is read everywhere.
ct-charset-exotic = A text is in the charset { $charset }, which hardly any mail uses.

check-ct-obfuscation = Words are written plainly
check-ct-obfuscation-about = Letters as numeric entities, and characters without width within words, hide words from filters.
ct-obfuscation-width = { $count } characters without width stand within words.
ct-obfuscation-entities = { $count } letters within words are written as numeric entities.

check-ct-unsub-visible = A visible way out
check-ct-unsub-visible-about = Mail to many needs a link to unsubscribe that people see, before the place where Gmail cuts long messages. Where it is missing, people press “spam”.
ct-unsub-visible = The message has a visible link to unsubscribe.
ct-unsub-none = The message has no visible link to unsubscribe.
ct-unsub-late = The link to unsubscribe stands behind the place where Gmail cuts the message ({ $limit } octets).
ct-unsub-fix = Put a link with the word “Unsubscribe” into the text, best near the top or in a short footer.

check-ct-postal-address = The sender is named
check-ct-postal-address-about = Laws of many countries want advertising mail to name its sender with an address. This is a hint, no legal advice.
ct-postal-address = The message names a postal address.
ct-postal-none = No postal address was found in the message. Laws of many countries want one in advertising mail.

check-ct-gtube = Not the test of spam filters
check-ct-gtube-about = Knows the fixed text by which people try whether a spam filter works at all.
ct-gtube = The message has the test text of spam filters (GTUBE): filtering works.

check-ct-link-blocklisted = No blocklist knows where links lead
check-ct-link-blocklisted-about = Asks the blocklists of domains (Spamhaus DBL, SURBL, URIBL, as far as they are on) for the organizations that links lead to. Each that is listed takes three points; filters everywhere count it.
ct-link-blocklisted-none = The message has no links to ask for.
ct-link-blocklisted-clean = { $count } domains of links are on no blocklist.
ct-link-blocklisted = Links lead to domains that are on blocklists: { $domains }. Filters everywhere count that, whoever sends the message.
ct-link-blocklisted-fix = Take the links out until the domains are off the lists.
