# Header sections that somebody pastes.
headers-trust-receiver = Written by the receiver: it stands where the receiver writes, in its name.
headers-trust-foreign = Written after the message had come in, but in another name than that of the receiving host. Believe it only if you know who that is.
headers-trust-brought = It came along with the message. Anybody can have written it; nothing follows from it.
headers-trust-forged = It bears the receiver's name but came along with the message: the receiver did not write it.
headers-trust-sealed = Part of an ARC set. It is worth what its seal is worth, which only a verification can tell (`tegami inspect`).
headers-results-forged = { $field } claims to be written by { $by }, which received the message, but was there before the message came. Somebody wants to be believed.
headers-field-twice = { $field } stands { $count } times, and may stand only once. Programs show one of them and check another.
headers-field-missing = { $field } is missing. Every message must have it, and many receivers refuse one that has not.
headers-name-is-an-address = The name before the author's address looks like another address: { $shown }. The message comes from { $real }; many programs show the name alone.
headers-reply-elsewhere = Answers go to { $to }, not to the domain of the author ({ $author }). Newsletters and forms do that, and frauds.
headers-return-elsewhere = Bounces go to { $to }, not to the domain of the author ({ $author }): a mail service or a list sent it. SPF then says nothing about the author.
headers-slow-hop = { $host } got it { $minutes } minutes after the hop before: it waited there, was held back, or the clocks differ.
headers-time-goes-back = { $host } says it got it { $minutes } minutes before the hop before it sent it: a clock is wrong, or a Received field is made up.
headers-date-is-far = The Date field and the first Received field lie { $hours } hours apart. Filters count that.
headers-no-received = There is no Received field: nothing tells which way the message came. Was only a part pasted?
